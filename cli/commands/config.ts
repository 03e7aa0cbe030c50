import type { ConfigSnapshot } from '../../sdk/protocol/config-state.ts';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { isPlainObject } from '../../server/config/key-path.ts';
import { fileFlag } from '../args.ts';
import type { Command } from '../command.ts';
import { readLongText } from '../long-text.ts';
import { misuse } from '../misuse.ts';
import { renderAnswer } from '../render/views.ts';
import { answer, type Shell } from '../shell.ts';

/** `openclaw config`: what the methods give, and changes of single keys. */
export function configCommand(shell: Shell, subCommands: NonNullable<Command['subCommands']>): Command {
  return {
    meta: { name: 'config', description: 'Show, change and explain the configuration.' },
    subCommands: {
      ...subCommands,
      set: setCommand(shell),
      unset: unsetCommand(shell),
      patch: patchCommand(shell),
    },
  };
}

// --- internal ---

const writeFlags = {
  note: { type: 'string', description: 'Kept with the revision, for people' },
  'allow-destructive': { type: 'boolean', description: 'Let it drop gateway.mode, or more than half of the file' },
} as const;

function setCommand(shell: Shell): Command {
  return {
    meta: { name: 'set', description: 'Set one key of the configuration.' },
    args: {
      path: { type: 'positional', required: true, description: 'Key, for example agents.defaults.model' },
      value: { type: 'positional', required: true, description: 'JSON5, or else a text; "-" reads it from stdin' },
      'value-file': fileFlag('value'),
      ...writeFlags,
    },
    examples: ['openclaw config set session.mainKey home', 'openclaw config set agents.defaults.maxConcurrent 8'],
    run: async ({ args }) => {
      const path = String(args.path ?? '');
      const given = { value: args.value, path: args['value-file'], flag: '--value-file' };
      const value = toJson5(String((await readLongText(given)) ?? ''));
      const steps = readPath(path);
      return write(shell, nest(steps, value), { args, replacePaths: listsAt(steps) });
    },
  };
}

function unsetCommand(shell: Shell): Command {
  return {
    meta: { name: 'unset', description: 'Remove one key of the configuration.' },
    args: { path: { type: 'positional', required: true, description: 'Key' }, ...writeFlags },
    examples: ['openclaw config unset session.mainKey'],
    run: async ({ args }) => {
      const path = String(args.path ?? '');
      const steps = readPath(path);
      return write(shell, nest(steps, 'null'), { args, replacePaths: listsAt(steps) });
    },
  };
}

function patchCommand(shell: Shell): Command {
  return {
    meta: { name: 'patch', description: 'Merge JSON5 into the configuration; null deletes.' },
    args: {
      patch: { type: 'positional', required: true, description: 'An object in JSON5; "-" reads it from stdin' },
      'patch-file': fileFlag('patch'),
      'replace-paths': { type: 'string', valueHint: 'key,...', description: 'Lists that may lose entries' },
      ...writeFlags,
    },
    examples: [`openclaw config patch "{ agents: { entries: { writer: { name: 'Writer' } } } }"`],
    run: async ({ args }) => {
      const replacePaths = args['replace-paths'] === undefined ? [] : String(args['replace-paths']).split(',');
      const given = { value: args.patch, path: args['patch-file'], flag: '--patch-file' };
      const patch = String((await readLongText(given)) ?? '');
      if (patch.trim() === '') throw misuse('the patch is empty');
      return write(shell, patch, { args, replacePaths: () => replacePaths });
    },
  };
}

/** Reads the file's hash, then writes: what somebody else writes in between is not overwritten. */
async function write(
  shell: Shell,
  raw: string,
  { args, replacePaths }: { args: Record<string, unknown>; replacePaths: (file: unknown) => string[] },
): Promise<number> {
  const { request } = await import('../request.ts');
  const { hash, parsed } = (await request(shell, { method: 'config.get', kind: 'query' }, {})) as ConfigSnapshot;
  const input = {
    raw,
    ...(hash !== null && { baseHash: hash }),
    replacePaths: replacePaths(parsed),
    ...(args.note !== undefined && { note: String(args.note) }),
    ...(args['allow-destructive'] === true && { allowDestructive: true }),
  };
  const written = await request(shell, { method: 'config.patch', kind: 'mutation' }, input).catch(explain);
  answer(shell, written, (look) => renderAnswer('config.patch', written, look));
  return 0;
}

/** The leave that the gateway asks for has another name on the command line. */
function explain(error: unknown): never {
  if (!isGatewayError(error)) throw error;
  const { code, path } = error.details ?? {};
  if (code === 'DESTRUCTIVE_WRITE')
    throw misuse(error.message.replace('send allowDestructive: true', 'add --allow-destructive'));
  if (code === 'LIST_REPLACEMENT')
    throw misuse(error.message.replace(/name ".*" in replacePaths$/, `add --replace-paths '${path}'`));
  throw error;
}

/** `models.providers["a.b"].apiKey` and `agents.entries.main.name`, step by step. */
function readPath(path: string): string[] {
  const steps = [...path.matchAll(/\[("(?:[^"\\]|\\.)*"|[^\]]*)\]|([^.[\]]+)/g)].map(([, quoted, plain]) =>
    plain !== undefined ? plain : quoted?.startsWith('"') ? String(JSON.parse(quoted)) : String(quoted),
  );
  if (steps.length === 0 || steps.includes('')) throw misuse(`<path> "${path}" is no key: use agents.defaults.model`);
  const index = steps.find((step) => /^\d+$/.test(step));
  if (index !== undefined)
    throw misuse(`<path> "${path}" goes into a list: set the whole list, or use openclaw config patch`);
  return steps;
}

/** Who names one key means all that it holds: the lists in it are replaced as well. */
const listsAt = (steps: readonly string[]) => (file: unknown) => {
  const found = steps.reduce<unknown>((inside, step) => (isPlainObject(inside) ? inside[step] : undefined), file);
  return listsIn(found, steps.reduce(toKey, ''));
};

/** The paths of the lists in a value; what stands in their entries goes with them. */
function listsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [path];
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => listsIn(member, toKey(path, name)));
}

function toKey(path: string, name: string): string {
  if (!/^[\w$-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path ? `${path}.${name}` : name;
}

function nest(steps: readonly string[], value: string): string {
  return steps.reduceRight((inside, step) => `{ ${JSON.stringify(step)}: ${inside} }`, value);
}

/** A number, word, list or object as it is; anything else is a text. */
function toJson5(value: string): string {
  const isLiteral = /^(?:true|false|null|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[\da-f]+|[[{"'][\s\S]*)$/i.test(
    value.trim(),
  );
  // The line break at the end of a file belongs to the file.
  return isLiteral ? value : JSON.stringify(value.replace(/\r?\n$/, ''));
}
