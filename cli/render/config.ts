import type { ConfigSchemaNode } from '../../sdk/protocol/config-schema.ts';
import type { ConfigDifference, ConfigSnapshot, ConfigWritten } from '../../sdk/protocol/config-state.ts';
import type { ConfigExplained } from '../../server/config/explain.ts';
import { table } from './table.ts';
import { oneLine } from './text.ts';
import type { Look } from './value.ts';

/** `config.get`: the file, what is wrong with it, what it says. Contract: as the views. */
export function renderConfig(payload: unknown, look: Look): string | undefined {
  const config = payload as ConfigSnapshot;
  if (!Array.isArray(config?.issues) || !Array.isArray(config.warnings)) return undefined;
  const state = config.exists
    ? config.valid
      ? 'valid'
      : look.paint('red', 'invalid')
    : 'no such file: defaults are in effect';
  const remarks = [...config.issues, ...config.warnings].map(({ path, message, file, line, column }) =>
    oneLine(`- ${file === undefined ? '' : `${file}:${line}:${column} — `}${path || 'file'}: ${message}`),
  );
  const body = config.exists
    ? JSON.stringify(config.config, null, 2)
        .split('\n')
        .map((line) => line.trimEnd())
    : [];
  return `${[`Config: ${oneLine(config.path)} (${state})`, ...remarks, ...body].join('\n')}\n`;
}

/** `config.set` and its like: which keys are another one now, and whether that takes a restart. Contract: as the views. */
export function renderWritten(payload: unknown): string | undefined {
  const { path, noop, changedPaths = [], sentinel, restart: coming } = (payload ?? {}) as Partial<ConfigWritten>;
  if (path === undefined) return undefined;
  if (noop) return `${oneLine(path)} says so already; nothing was written.\n`;
  const keys = changedPaths.length > 0 ? `: ${changedPaths.map(oneLine).join(', ')}` : '';
  const restart = sentinel?.payload.stats.requiresRestart
    ? isComing(coming)
      ? 'It takes a restart: the gateway makes it by itself, when running work has ended.\n'
      : 'A restart is needed: openclaw gateway restart request\n'
    : '';
  return `Wrote ${oneLine(path)}${keys}.\n${restart}`;
}

/** `config.diff`: a line for each key, and what the change takes. Contract: as the views. */
export function renderDifference(payload: unknown, look: Look): string | undefined {
  const { path, from, revision, changes } = (payload ?? {}) as Partial<ConfigDifference>;
  if (path === undefined || from === undefined || !Array.isArray(changes)) return undefined;
  const other = {
    running: 'what the gateway runs with',
    'last-good': 'what the last gateway started with (none runs now)',
    revision: `revision ${revision}`,
  }[from];
  if (changes.length === 0) return `${oneLine(path)} says the same as ${other}.\n`;
  const lines = changes.map(({ path: key, change, before, after, reloadKind }) => {
    const [color, line] = {
      added: ['green', `+ ${key}: ${toText(after)}`] as const,
      removed: ['red', `- ${key}: ${toText(before)}`] as const,
      changed: ['yellow', `~ ${key}: ${toText(before)} -> ${toText(after)}`] as const,
    }[change];
    return `${look.paint(color, oneLine(line))} (${reloadKind})`;
  });
  return `${[oneLine(`${path} against ${other}:`), ...lines].join('\n')}\n`;
}

/** `config explain`. */
export function renderExplained(
  {
    path,
    value,
    source,
    type,
    reloadKind,
    actedOn,
    help,
    variables,
    members,
    ...rest
  }: ConfigExplained & { differs?: boolean },
  { paint }: Look,
): string {
  const place = source.file === undefined ? '' : `${source.file}:${source.line}:${source.column}`;
  const from = {
    flag: `the flag ${source.flag} of the running gateway`,
    environment: `the environment variable ${source.variable}${source.envFile ? `, from ${source.envFile}` : ''}`,
    file: place,
    include: `${place} (included)`,
    default: 'nobody sets it',
  }[source.kind];
  const overruled = place !== '' && (source.kind === 'flag' || source.kind === 'environment');
  const lines = [
    `Value: ${value === undefined ? '(default)' : toText(value)}`,
    `From: ${from}${overruled ? `, which wins over ${place}` : ''}`,
    ...variables.map(
      ({ name, set, envFile }) => `Variable: ${name}, ${set ? `set${envFile ? ` in ${envFile}` : ''}` : 'not set'}`,
    ),
    `Default: ${rest.default ?? '(none that is known)'}`,
    `Type: ${type}`,
    `A change: ${reloadKind}, ${changes[reloadKind]}`,
    `Effect: ${actedOn ? 'this version acts on it' : 'accepted, but this version does not act on it yet'}`,
    ...(rest.sensitive ? ['Secret: never shown'] : []),
    ...(rest.differs
      ? ['Running: the gateway works with another value than the file says; see openclaw config diff']
      : []),
    ...(help === undefined ? [] : [help]),
    ...(members.length === 0 ? [] : [`Below it: ${members.join(', ')}`]),
  ];
  return `${[paint('bold', oneLine(path)), ...lines.map(oneLine)].join('\n')}\n`;
}

/** `config.schema`: a JSON Schema is read as JSON. Contract: as the views. */
export function renderSchema(payload: unknown): string | undefined {
  const { schema } = (payload ?? {}) as { schema?: unknown };
  return schema === undefined ? undefined : `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** `config.schema.lookup`: what a key may be, what a change takes, what is below it. Contract: as the views. */
export function renderKey(payload: unknown, look: Look): string | undefined {
  const { path, schema, reloadKind, hint, children } = (payload ?? {}) as Partial<ConfigSchemaNode>;
  if (path === undefined || !Array.isArray(children)) return undefined;
  const { title, description, additionalProperties: _, ...rules } = (schema ?? {}) as Record<string, unknown>;
  const help = hint?.help ?? description;
  const takes = Object.entries(rules).map(
    ([name, rule]) => `${name} ${typeof rule === 'object' ? JSON.stringify(rule) : rule}`,
  );
  const lines = [
    look.paint('bold', oneLine(path)) + (title === undefined ? '' : `: ${oneLine(String(title))}`),
    ...(help === undefined ? [] : [oneLine(String(help))]),
    ...(takes.length === 0 ? [] : [oneLine(`Takes: ${takes.join(', ')}`)]),
    ...(reloadKind === undefined ? [] : [`A change: ${reloadKind}, ${changes[reloadKind]}`]),
    ...(hint?.sensitive ? ['Secret: never told to clients'] : []),
  ];
  const columns = [
    { head: 'KEY' },
    { head: 'TYPE' },
    { head: 'A CHANGE' },
    { head: 'WHAT IT IS', elastic: true, wraps: true },
  ];
  const rows = children.map((child) => [
    oneLine(child.key) + (child.hasChildren ? '.*' : '') + (child.required ? ' (required)' : ''),
    oneLine([child.type ?? 'any'].flat().join('|')),
    child.reloadKind ?? '-',
    oneLine(child.hint?.help ?? child.hint?.label ?? ''),
  ]);
  return `${lines.join('\n')}\n${rows.length === 0 ? '' : `\n${table(columns, rows, look)}`}`;
}

// --- internal ---

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const changes = {
  restart: 'in effect after a restart',
  hot: 'in effect at once',
  none: 'nothing that runs depends on it',
} as const;

/** Whether the restart that a write takes is on its way: nobody has to ask for it. */
const isComing = (restart: unknown) =>
  typeof restart === 'object' && restart !== null && (restart as { ok?: boolean }).ok !== false;
