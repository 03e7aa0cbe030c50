import type { Usage } from '../../sdk/protocol/usage.ts';

/** Tokens of a call as providers count them: the whole prompt, with what was cached as a part of it. */
export interface ProviderCounts {
  prompt: number;
  output: number;
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
  reasoning?: number | undefined;
}

/** Tells the cached part of a prompt apart from the rest, which has another price. */
export function toCounts({ prompt, output, cacheRead, cacheWrite, reasoning }: ProviderCounts): Usage {
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  return {
    // Some servers count the cached tokens beside the prompt instead of in it.
    input: Math.max(0, prompt - cached),
    output,
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
    ...(reasoning !== undefined && { reasoning }),
    total: Math.max(prompt, cached) + output,
  };
}

/** Tokens of the whole prompt, cached or not. */
export function promptTokens({ input, cacheRead = 0, cacheWrite = 0 }: Usage): number {
  return input + cacheRead + cacheWrite;
}
