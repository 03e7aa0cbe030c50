import type { ToolCatalogEntry, ToolInvocationResult, ToolRow } from '../../sdk/protocol/tools.ts';
import type { ToolOutcome } from '../agent/tools/invoke.ts';
import type { ToolOffer, ToolRegistry } from '../agent/tools/registry.ts';
import type { Tool } from '../agent/tools/tool.ts';

/** How tools look to clients. */

const groupLabels = { fs: 'Files', sessions: 'Sessions', agents: 'Agents' } as const;
const profileLabels = { minimal: 'Minimal', coding: 'Coding', messaging: 'Messaging', full: 'Full' } as const;

export function toCatalog(catalog: ToolRegistry['catalog']) {
  type Entry = ToolRegistry['catalog'][number];
  const toEntry = ({ tool: { name, label, description, risk }, profiles }: Entry): ToolCatalogEntry => ({
    id: name,
    label,
    description: toSummary(description),
    source: 'core',
    risk,
    defaultProfiles: [...profiles],
  });
  return {
    profiles: namesOf(profileLabels).map((id) => ({ id, label: profileLabels[id] })),
    groups: namesOf(groupLabels).map((id) => ({
      id,
      label: groupLabels[id],
      source: 'core' as const,
      tools: catalog.filter(({ tool }) => tool.group === id).map(toEntry),
    })),
  };
}

export function toGroups(tools: readonly Tool[]) {
  const toRow = ({ name, label, description, risk }: Tool): ToolRow => ({
    id: name,
    label,
    description: toSummary(description),
    rawDescription: description,
    source: 'core',
    risk,
  });
  return tools.length === 0
    ? []
    : [{ id: 'core' as const, label: 'Built-in tools', source: 'core' as const, tools: tools.map(toRow) }];
}

/** What people should know about a policy: what it takes away, and what in it means nothing. */
export function toNotices({ refused, unknown }: ToolOffer) {
  return [
    ...refused.map(({ tool, reason }) => ({
      id: `not-allowed:${tool.name}`,
      severity: 'info' as const,
      message: `${tool.name} is not available: ${reason}`,
    })),
    ...unknown.map((entry) => ({
      id: 'unknown-entry',
      severity: 'warning' as const,
      message: `${entry} means no tool; is it misspelled?`,
    })),
  ];
}

export function toInvocationResult(outcome: ToolOutcome): ToolInvocationResult {
  const { toolName } = outcome;
  if (!outcome.ok) return { ok: false, toolName, error: outcome.error };
  const { output: details } = outcome;
  const text = typeof details === 'string' ? details : JSON.stringify(details);
  return { ok: true, toolName, output: { content: [{ type: 'text', text }], details }, source: 'core' };
}

const namesOf = <T extends object>(record: T) => Object.keys(record) as (keyof T)[];

/** The first sentence. */
function toSummary(description: string): string {
  return /^.*?\.(?=\s|$)/s.exec(description)?.[0] ?? description;
}
