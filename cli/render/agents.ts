import type { AgentFile } from '../../sdk/protocol/agents.ts';
import { table } from './table.ts';
import { oneLine, printable } from './text.ts';
import { ago, bytes } from './time.ts';
import type { Look } from './value.ts';

/** The files that say who an agent is. */
export function renderAgentFiles(payload: unknown, look: Look): string | undefined {
  const { files, workspace } = (payload ?? {}) as { files?: AgentFile[]; workspace?: string };
  if (!Array.isArray(files)) return undefined;
  const columns = [{ head: 'FILE' }, { head: 'SIZE' }, { head: 'CHANGED' }];
  const rows = files.map((file) => [
    oneLine(file.name),
    file.missing ? (file.expectedAbsent ? '-' : 'missing') : bytes(file.size ?? 0),
    file.updatedAtMs === undefined ? '-' : ago(file.updatedAtMs, look.now),
  ]);
  return `${table(columns, rows, look)}${look.paint('dim', `in ${oneLine(workspace ?? 'its workspace')}`)}\n`;
}

/** What such a file says. */
export function renderAgentFile(payload: unknown, look: Look): string | undefined {
  const { file } = (payload ?? {}) as { file?: AgentFile };
  if (typeof file?.name !== 'string') return undefined;
  if (file.missing) return `${look.paint('dim', `there is no ${oneLine(file.path)}`)}\n`;
  const text = printable(file.content ?? '');
  return text.endsWith('\n') ? text : `${text}\n`;
}
