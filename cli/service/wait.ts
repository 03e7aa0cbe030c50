import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Shell } from '../shell.ts';

export interface Waiting<T> {
  /** Looks once: what was waited for, or undefined. @throws GatewayError when it cannot come any more. */
  look(): Promise<T | undefined>;
  /** For the progress line, read when it is written: `the gateway to say hello (active, pid 12)`. */
  what(): string;
  timeoutMs: number;
  /** Sentences for the error of a wait that took too long: what to look at. */
  evidence(): Promise<string[]>;
}

/**
 * Looks until what was waited for is there, and says on stderr what it waits for when that takes longer than half a second.
 * @throws GatewayError TIMEOUT
 */
export async function waitFor<T>(shell: Pick<Shell, 'note'>, waiting: Waiting<T>): Promise<T> {
  const startedAt = performance.now();
  let saysNextAt = firstWordMs;
  for (;;) {
    const found = await waiting.look();
    if (found !== undefined) return found;
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > waiting.timeoutMs) throw await tooLate(waiting);
    if (elapsedMs > saysNextAt) {
      shell.note(`Waiting for ${waiting.what()} ...`);
      saysNextAt = elapsedMs + laterWordsMs;
    }
    await sleep(pauseMs);
  }
}

// --- internal ---

const pauseMs = 100;
const firstWordMs = 500;
const laterWordsMs = 5_000;

async function tooLate({ what, timeoutMs, evidence }: Waiting<unknown>): Promise<GatewayError> {
  const first = `Waited ${Math.round(timeoutMs / 1000)} s for ${what()}: it did not come.`;
  return new GatewayError('TIMEOUT', [first, ...(await evidence())].join('\n'));
}
