import type { ToolCatalogEntry, ToolInvocationResult, ToolRow } from '../../sdk/protocol/tools.ts';
import { table } from './table.ts';
import { oneLine, printable } from './text.ts';
import type { Look } from './value.ts';

/** Every tool, with the profiles that include it. */
export function renderCatalog(payload: unknown, look: Look): string | undefined {
  const catalog = payload as { groups: { label: string; tools: ToolCatalogEntry[] }[] };
  if (!Array.isArray(catalog?.groups)) return undefined;
  const columns = [
    { head: 'TOOL' },
    { head: 'GROUP' },
    { head: 'PROFILES' },
    { head: 'WHAT IT DOES', elastic: true, wraps: true },
  ];
  const rows = catalog.groups.flatMap(({ label, tools }) =>
    tools.map((tool) => [
      oneLine(tool.id),
      oneLine(label),
      oneLine(tool.defaultProfiles.join(', ')),
      oneLine(tool.description),
    ]),
  );
  return table(columns, rows, look);
}

/** The tools of a session, and what is to know about them. */
export function renderTools(payload: unknown, look: Look): string | undefined {
  const inventory = payload as {
    agentId: string;
    profile: string;
    groups: { tools: ToolRow[] }[];
    notices?: { message: string }[];
  };
  if (!Array.isArray(inventory?.groups)) return undefined;
  const rows = inventory.groups.flatMap(({ tools }) =>
    tools.map((tool) => [oneLine(tool.id), oneLine(tool.description)]),
  );
  const body =
    rows.length === 0
      ? 'No tools.\n'
      : table([{ head: 'TOOL' }, { head: 'WHAT IT DOES', elastic: true, wraps: true }], rows, look);
  const notices = (inventory.notices ?? []).map(({ message }) => `${oneLine(message)}\n`).join('');
  const about = `agent ${oneLine(inventory.agentId)}, profile ${oneLine(inventory.profile)}`;
  return `${body}${look.paint('dim', about)}\n${notices}`;
}

/** What a tool answered, as text; a refusal in words. */
export function renderInvocation(payload: unknown, look: Look): string | undefined {
  const result = payload as ToolInvocationResult;
  if (typeof result?.ok !== 'boolean') return undefined;
  if (!result.ok)
    return `${look.paint('red', oneLine(result.error?.code ?? 'failed'))}: ${printable(result.error?.message ?? '')}\n`;
  const { details, content = [] } = result.output ?? {};
  const text =
    typeof details === 'object' ? JSON.stringify(details, undefined, 2) : content.map((part) => part.text).join('');
  return `${printable(text)}\n`;
}
