import type { CommandEntry } from '../../sdk/protocol/commands.ts';
import { table } from './table.ts';
import { oneLine } from './text.ts';
import type { Look } from './value.ts';

/** `commands.list`: what can be typed as a message. Contract: as the views. */
export function renderChatCommands(payload: unknown, look: Look): string | undefined {
  const { commands } = (payload ?? {}) as { commands?: CommandEntry[] };
  if (!Array.isArray(commands)) return undefined;
  if (commands.length === 0) return 'No commands.\n';
  const columns = [{ head: 'COMMAND' }, { head: 'GROUP' }, { head: 'WHAT IT DOES', elastic: true, wraps: true }];
  const rows = commands.map(({ name, args = [], category, description }) => [
    oneLine([`/${name}`, ...args.map((arg) => (arg.required ? `<${arg.name}>` : `[${arg.name}]`))].join(' ')),
    oneLine(category ?? '-'),
    oneLine(description),
  ]);
  return `${table(columns, rows, look)}${look.paint('dim', 'Typed as a message: openclaw agent --message /status')}\n`;
}
