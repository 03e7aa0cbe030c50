import type { ConfigSchemaNode } from '../../sdk/protocol/config-schema.ts';
import type { ConfigSnapshot, ConfigWritten } from '../../sdk/protocol/config-state.ts';
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
  const remarks = [...config.issues, ...config.warnings].map(
    ({ path, message }) => `- ${oneLine(`${path || 'file'}: ${message}`)}`,
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
  const { path, noop, changedPaths = [], sentinel } = (payload ?? {}) as Partial<ConfigWritten>;
  if (path === undefined) return undefined;
  if (noop) return `${oneLine(path)} says so already; nothing was written.\n`;
  const keys = changedPaths.length > 0 ? `: ${changedPaths.map(oneLine).join(', ')}` : '';
  const restart = sentinel?.payload.stats.requiresRestart
    ? 'A restart is needed: openclaw gateway restart request\n'
    : '';
  return `Wrote ${oneLine(path)}${keys}.\n${restart}`;
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

const changes = {
  restart: 'in effect after a restart',
  hot: 'in effect at once',
  none: 'nothing that runs depends on it',
} as const;
