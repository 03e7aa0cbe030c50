import type { AgentRow } from '../../sdk/protocol/agents.ts';
import type { HealthSnapshot, StatusSummary } from '../../sdk/protocol/health.ts';
import type { ModelRow } from '../../sdk/protocol/models.ts';
import type { PresenceEntry } from '../../sdk/protocol/presence.ts';
import type { SessionPage } from '../../sdk/protocol/session-row.ts';
import { renderAgentFile, renderAgentFiles } from './agents.ts';
import { renderChatCommands } from './chat-commands.ts';
import { renderConfig, renderDifference, renderKey, renderSchema, renderWritten } from './config.ts';
import { sentences } from './done.ts';
import { renderPreflight, renderScheduled, renderStability, renderUpdate } from './gateway.ts';
import { renderOutcome } from './outcome.ts';
import { renderProviders } from './providers.ts';
import { renderRunEvents } from './runs.ts';
import { renderPreviews, renderResolved, renderSearch, renderSession } from './sessions.ts';
import { table } from './table.ts';
import { oneLine } from './text.ts';
import { ago, bytes, span } from './time.ts';
import { renderCatalog, renderInvocation, renderTools } from './tools.ts';
import { renderLog, renderTranscript } from './transcript.ts';
import { renderTroubles, type Troubles } from './troubles.ts';
import { renderCost, renderLimits, renderSessionsUsage } from './usage.ts';
import { cell, type Look, renderValue } from './value.ts';

/** An answer for people: by the method's own view where it has one, else as {@link renderValue} shows anything. */
export function renderAnswer(method: string, payload: unknown, look: Look): string {
  const view = Object.hasOwn(views, method) ? views[method] : undefined;
  return view?.(payload, look) ?? say(method, payload, look) ?? renderValue(payload, look);
}

/** Contract: answers undefined for a payload that is not what the method promises (another gateway, another version). */
type View = (payload: unknown, look: Look) => string | undefined;

const views: Record<string, View> = {
  'sessions.list': renderSessions,
  'sessions.search': renderSearch,
  'sessions.preview': renderPreviews,
  'sessions.get': renderTranscript,
  'sessions.describe': renderSession,
  'sessions.resolve': renderResolved,
  'sessions.usage': renderSessionsUsage,
  'usage.cost': renderCost,
  'usage.status': renderLimits,
  'models.list': renderModels,
  'models.authStatus': renderProviders,
  'agents.list': renderAgents,
  'agents.files.list': renderAgentFiles,
  'agents.files.get': renderAgentFile,
  'tools.catalog': renderCatalog,
  'tools.effective': renderTools,
  'tools.invoke': renderInvocation,
  'system-presence': renderPresence,
  'chat.history': renderTranscript,
  'runs.events': renderRunEvents,
  'logs.tail': renderLog,
  'config.get': renderConfig,
  'config.set': renderWritten,
  'config.apply': renderWritten,
  'config.patch': renderWritten,
  'config.diff': renderDifference,
  'config.rollback': renderWritten,
  'config.schema': renderSchema,
  'config.schema.lookup': renderKey,
  'commands.list': renderChatCommands,
  'agent.wait': renderOutcome,
  'gateway.restart.preflight': renderPreflight,
  'gateway.restart.request': renderScheduled,
  'diagnostics.stability': renderStability,
  'update.status': renderUpdate,
  health: renderHealth,
  status: renderStatus,
};

// --- internal ---

function say(method: string, payload: unknown, look: Look): string | undefined {
  const sentence = Object.hasOwn(sentences, method) ? sentences[method] : undefined;
  const text = sentence?.((payload ?? {}) as Record<string, unknown>, look);
  return text === undefined ? undefined : `${text}\n`;
}

function renderSessions(payload: unknown, look: Look): string | undefined {
  const page = payload as SessionPage;
  if (!Array.isArray(page?.sessions)) return undefined;
  if (page.sessions.length === 0) return 'No sessions. Start one: openclaw agent --message "Hello"\n';
  const columns = [
    { head: 'KEY', elastic: true },
    { head: 'NAME', elastic: true },
    { head: 'MODEL', elastic: true },
    { head: 'STATUS' },
    { head: 'MESSAGES' },
    { head: 'TOKENS' },
    { head: 'UPDATED' },
  ];
  const rows = page.sessions.map((row) => [
    oneLine(row.key),
    oneLine(row.label ?? row.displayName ?? row.derivedTitle ?? '-'),
    oneLine(`${row.modelProvider}/${row.model}`),
    cell('', row.status, look.now),
    cell('', row.messageCount, look.now),
    cell('', row.totalTokens, look.now),
    ago(row.updatedAt, look.now),
  ]);
  const more = page.hasMore ? `; the next page: --offset ${page.nextOffset}` : '';
  return `${table(columns, rows, look)}${look.paint('dim', `${page.count} of ${page.totalCount}${more}`)}\n`;
}

function renderModels(payload: unknown, look: Look): string | undefined {
  const models = (payload as { models?: ModelRow[] })?.models;
  if (!Array.isArray(models)) return undefined;
  const columns = [
    { head: 'MODEL', elastic: true },
    { head: 'NAME', elastic: true },
    { head: 'CONTEXT' },
    { head: 'NOTES' },
  ];
  const rows = models.map((row) => [
    oneLine(`${row.provider}/${row.id}`),
    oneLine(row.name),
    cell('', row.contextWindow, look.now),
    oneLine(
      [
        ...(row.tags ?? []),
        ...(row.reasoning ? ['reasoning'] : []),
        ...(row.available === false ? [`unavailable: ${row.unavailableReason ?? 'unknown'}`] : []),
      ].join(', '),
    ),
  ]);
  return table(columns, rows, look);
}

function renderAgents(payload: unknown, look: Look): string | undefined {
  const list = payload as { defaultId: string; agents: AgentRow[] };
  if (!Array.isArray(list?.agents)) return undefined;
  const columns = [
    { head: 'AGENT' },
    { head: 'NAME', elastic: true },
    { head: 'MODEL', elastic: true },
    { head: 'WORKSPACE', elastic: true },
  ];
  const rows = list.agents.map((row) => [
    oneLine(row.id) + (row.id === list.defaultId ? ' (default)' : ''),
    oneLine(row.name ?? row.identity?.name ?? '-'),
    oneLine(row.model?.primary ?? '-'),
    oneLine(row.workspace ?? '-'),
  ]);
  return table(columns, rows, look);
}

function renderPresence(payload: unknown, look: Look): string | undefined {
  if (!Array.isArray(payload)) return undefined;
  const columns = [
    { head: 'HOST', elastic: true },
    { head: 'MODE' },
    { head: 'VERSION' },
    { head: 'PLATFORM' },
    { head: 'ADDRESS' },
    { head: 'SINCE' },
  ];
  const rows = (payload as PresenceEntry[]).map((row) => [
    ...[row.host ?? row.instanceId, row.mode, row.version, row.platform, row.ip].map((value) =>
      cell('', value, look.now),
    ),
    row.onlineSince === undefined ? '-' : ago(row.onlineSince, look.now),
  ]);
  return table(columns, rows, look);
}

function renderHealth(payload: unknown, look: Look): string | undefined {
  const health = payload as HealthSnapshot;
  if (!Array.isArray(health?.agents) || !health.sessions || !health.eventLoop) return undefined;
  const { degraded, reasons, delayP99Ms } = health.eventLoop;
  const loop = degraded ? look.paint('yellow', `busy (${reasons.join(', ')})`) : look.paint('green', 'healthy');
  const agents = health.agents.map((agent) => oneLine(agent.agentId) + (agent.isDefault ? ' (default)' : ''));
  const recent = health.sessions.recent.map(
    (row) => `- ${oneLine(row.key)}${row.updatedAt === null ? '' : ` (${ago(row.updatedAt, look.now)})`}`,
  );
  return `${[
    `Gateway: ${loop}, event loop delay ${Math.round(delayP99Ms)} ms (p99)`,
    `Agents: ${agents.join(', ')}`,
    `Session store: ${oneLine(health.sessions.path)} (${health.sessions.count} sessions)`,
    ...recent,
    ...renderTroubles(health as Troubles, look),
    ...renderRestart(health, look),
  ].join('\n')}\n`;
}

/** A configuration that was of no use at the last restart is what its owner has to hear of. */
function renderRestart({ lastRestart }: Pick<StatusSummary, 'lastRestart'>, look: Look): string[] {
  if (lastRestart?.status !== 'error') return [];
  const why = oneLine(lastRestart.message ?? 'no reason given');
  return [
    look.paint('yellow', `Restarted ${ago(lastRestart.ts, look.now)} with the configuration from before: ${why}`),
  ];
}

function renderStatus(payload: unknown, look: Look): string | undefined {
  const status = payload as StatusSummary;
  if (!status?.runs || !status.sessions || !Array.isArray(status.models) || !status.processMemory) return undefined;
  const models = status.models.map(
    ({ agentId, model, reason }) => `Model: ${oneLine(`${model} for ${agentId} (${reason})`)}`,
  );
  return `${[
    `Gateway: ${oneLine(status.runtimeVersion)}, pid ${status.pid}, up ${span(status.uptimeMs)}`,
    ...models,
    `Runs: ${status.runs.active} working, ${status.runs.queued} waiting`,
    `Sessions: ${[status.sessions.count, ...status.sessions.paths.map((path) => `in ${oneLine(path)}`)].join(' ')}`,
    ...status.sessions.recent.map(
      (row) => `- ${oneLine(row.key)}${row.updatedAt === null ? '' : ` (${ago(row.updatedAt, look.now)})`}`,
    ),
    `Memory: ${bytes(status.processMemory.rss)}`,
    ...renderTroubles(status as Troubles, look),
    ...renderRestart(status, look),
  ].join('\n')}\n`;
}
