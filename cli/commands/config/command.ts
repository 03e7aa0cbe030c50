import type { ConfigSnapshot } from '../../../sdk/protocol/config-state.ts';
import { isGatewayError } from '../../../sdk/protocol/errors.ts';
import { fileFlag } from '../../args.ts';
import type { Command } from '../../command.ts';
import { readLongText } from '../../long-text.ts';
import { misuse } from '../../misuse.ts';
import { renderAnswer } from '../../render/views.ts';
import { answer, type Shell } from '../../shell.ts';
import { type Asked, askConfig, type ConfigMethod } from './ask.ts';
import { diffCommand } from './diff.ts';
import { explainCommand } from './explain.ts';
import { getCommand } from './get.ts';
import { listsAt, nest, readPath, readRevision, toJson5 } from './path.ts';
import { fileCommand, validateCommand } from './validate.ts';

/**
 * `openclaw config`: shows, checks, explains and changes the configuration of this machine, through the gateway where one
 * runs, else in its files by the same code.
 */
export function configCommand(shell: Shell, subCommands: NonNullable<Command['subCommands']>): Command {
  return {
    meta: {
      name: 'config',
      description: 'Show, check, explain and change the configuration, also with no gateway running.',
    },
    subCommands: {
      ...subCommands,
      file: fileCommand(shell),
      get: getCommand(shell),
      set: setCommand(shell),
      unset: unsetCommand(shell),
      patch: patchCommand(shell),
      validate: validateCommand(shell),
      schema: schemaCommand(shell),
      diff: diffCommand(shell),
      revisions: revisionsCommand(shell),
      rollback: rollbackCommand(shell),
      explain: explainCommand(shell),
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
      // What was asked for is no accident, however much of the file it is; gateway.mode going along with it would be one.
      const isMeant = steps[0] !== 'gateway' || (steps.length > 1 && steps[1] !== 'mode');
      const given = isMeant ? { ...args, 'allow-destructive': true } : args;
      return write(shell, nest(steps, 'null'), { args: given, replacePaths: listsAt(steps) });
    },
  };
}

function schemaCommand(shell: Shell): Command {
  const lookup: Command = {
    meta: { name: 'lookup', description: 'Explain one key of the schema.' },
    args: {
      path: { type: 'positional', required: true, description: 'For example agents.entries.*.model; . is the root' },
    },
    examples: ['openclaw config schema lookup gateway.port'],
    run: async ({ args }) => {
      const path = String(args.path ?? '');
      if (path === '') throw misuse('<path> is missing');
      return tell(shell, 'config.schema.lookup', { path });
    },
  };
  const whole: Command = {
    meta: { name: 'schema', description: 'Show the JSON Schema of the configuration.' },
    examples: ['openclaw config schema --json'],
    run: () => tell(shell, 'config.schema', {}),
  };
  return { meta: whole.meta, otherwise: whole, subCommands: { lookup } };
}

function revisionsCommand(shell: Shell): Command {
  const list: Command = {
    meta: { name: 'list', description: 'List the kept revisions of the configuration, newest first.' },
    examples: ['openclaw config revisions list --json'],
    run: () => tell(shell, 'config.revisions.list', {}),
  };
  return { meta: { name: 'revisions', description: 'list' }, subCommands: { list } };
}

function rollbackCommand(shell: Shell): Command {
  return {
    meta: { name: 'rollback', description: 'Write an earlier revision of the configuration again.' },
    args: { revision: { type: 'positional', required: true, description: 'From openclaw config revisions list' } },
    examples: ['openclaw config rollback 1'],
    run: ({ args }) => tell(shell, 'config.rollback', { revision: readRevision(args.revision) }),
  };
}

async function tell(shell: Shell, method: ConfigMethod, input: Record<string, unknown>): Promise<number> {
  const asked = await askConfig(shell, method, input);
  answer(shell, asked.payload, (look) => renderAnswer(method, asked.payload, look));
  if (method === 'config.rollback') noteFiles(shell, asked);
  return 0;
}

function noteFiles(shell: Shell, { by }: Asked<unknown>): void {
  if (by === 'files') shell.note('No gateway runs here: the file itself was written, for the next start.');
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
  const { hash, parsed } = (await askConfig<ConfigSnapshot>(shell, 'config.get')).payload;
  const input = {
    raw,
    ...(hash !== null && { baseHash: hash }),
    replacePaths: replacePaths(parsed),
    ...(args.note !== undefined && { note: String(args.note) }),
    ...(args['allow-destructive'] === true && { allowDestructive: true }),
  };
  const written = await askConfig(shell, 'config.patch', input).catch(explain);
  answer(shell, written.payload, (look) => renderAnswer('config.patch', written.payload, look));
  noteFiles(shell, written);
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
