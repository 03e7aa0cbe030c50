import { fileFlag } from '../args.ts';
import type { Command } from '../command.ts';
import type { MethodCommand } from '../derive.ts';
import { readLongText } from '../long-text.ts';
import { misuse } from '../misuse.ts';
import type { Shell } from '../shell.ts';

/** `openclaw gateway call`: any method by its wire name, also one that this version does not know. */
export function callCommand(methods: readonly MethodCommand[], shell: Shell): Command {
  return {
    meta: { name: 'call', description: 'Call any method by its wire name; the answer is JSON.' },
    args: {
      method: { type: 'positional', required: true, description: 'Wire name, for example sessions.list' },
      params: { type: 'string', valueHint: 'json', description: 'Input of the method, a JSON object (default {})' },
      'params-file': fileFlag('params'),
    },
    examples: [`openclaw gateway call sessions.list --params '{"limit":5}'`, 'openclaw gateway call health'],
    run: async ({ args }) => {
      const name = String(args.method ?? '');
      if (name === '') throw misuse('<method> is missing: a wire name, for example sessions.list');
      const kind = methods.find((one) => one.method === name)?.kind ?? 'mutation';
      const params = readParams(
        await readLongText({ value: args.params, path: args['params-file'], flag: '--params-file' }),
      );
      const { request } = await import('../request.ts');
      const payload = await request(shell, { method: name, kind }, params);
      shell.out(`${JSON.stringify(payload ?? null, null, 2)}\n`);
      return 0;
    },
  };
}

// --- internal ---

function readParams(text: unknown): Record<string, unknown> {
  if (text === undefined) return {};
  let params: unknown;
  try {
    params = JSON.parse(String(text));
  } catch (error) {
    throw misuse(`--params is not JSON: ${(error as Error).message}`);
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw misuse(`--params must be a JSON object, for example '{"limit":5}'`);
  return params as Record<string, unknown>;
}
