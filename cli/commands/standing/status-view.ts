import { oneLine, pad } from '../../render/text.ts';
import { ago, bytes, span } from '../../render/time.ts';
import type { Look } from '../../render/value.ts';
import type { StatusReport } from './status-report.ts';

/** Lines that a terminal shows at once. */
const maxLines = 24;

/** The verdict, what is wrong, then a row for each thing; never more than 24 lines: lists are cut, and say so. */
export function renderStatus(report: StatusReport, look: Look): string {
  const head = renderVerdict(report, look);
  const rows = [
    row('Profile', report.profile ?? 'default'),
    row('Gateway', toGateway(report)),
    row('Service', toService(report)),
    ...renderServer(report),
    row('Config', `${report.config.path} · ${toValidity(report)}`),
    row('Log', report.logFile),
  ];
  const lists = [
    toAgents(report),
    toRecent(report, look.now),
    toLimits(report, look.now),
    toProviders(report),
    ...toAll(report, look.now),
  ];
  const lines = [...head, ...rows, ...shorten(lists, maxLines - head.length - rows.length)];
  return `${lines.slice(0, maxLines).join('\n')}\n`;
}

// --- internal ---

/** Rows of one kind; the first has the name before it. */
interface List {
  name: string;
  rows: string[];
}

const nameWidth = 9;
const row = (name: string, text: string) => `${pad(name, nameWidth)}${oneLine(text)}`;

const styles = { ok: 'green', degraded: 'yellow', down: 'red' } as const;
const maxProblems = 4;

function renderVerdict({ verdict }: StatusReport, { paint }: Look): string[] {
  const { level, message, problems, next } = verdict;
  const shown = problems.slice(0, maxProblems);
  const rest = problems.length - shown.length;
  return [
    `${paint(styles[level], level.toUpperCase())}: ${oneLine(message)}`,
    ...shown.map((problem) => paint('yellow', `- ${oneLine(problem)}`)),
    ...(rest > 0 ? [`- and ${rest} more`] : []),
    ...(next ? [`Next: ${next}`] : []),
  ];
}

function toGateway({ gateway }: StatusReport): string {
  const { mode, url, reachable, connected, connectLatencyMs, error, authMode } = gateway;
  const state = connected
    ? `reachable ${connectLatencyMs}ms`
    : `${reachable ? 'refused' : 'unreachable'} (${error?.message ?? 'no answer'})`;
  return [mode, url, state, ...(authMode ? [`auth ${authMode}`] : [])].join(' · ');
}

function toService({ gatewayService }: StatusReport): string {
  const { label, installed, enabled, missing, runtime } = gatewayService;
  const facts = [...(runtime.pid === null ? [] : [`pid ${runtime.pid}`]), ...runtime.facts];
  const state = `${runtime.status}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
  if (label === null) return `none (${missing}) · ${state}`;
  return [label, installed ? (enabled ? 'enabled' : 'disabled') : 'not installed', state].join(' · ');
}

function toValidity({ config }: StatusReport): string {
  if (!config.exists) return 'missing, defaults';
  const { length } = config.issues;
  return config.valid ? 'valid' : `invalid (${length} fault${length === 1 ? '' : 's'})`;
}

/** What only the gateway itself can say. */
function renderServer({
  gateway,
  runs,
  sessions,
  processMemory,
  eventLoop,
  queuedSystemEvents,
}: StatusReport): string[] {
  if (!runs || !sessions || !processMemory || !eventLoop) return [];
  const load = `event loop p99 ${Math.round(eventLoop.delayP99Ms)} ms`;
  const events = queuedSystemEvents?.length ? ` · ${queuedSystemEvents.length} system events` : '';
  return [
    row('Server', `openclaw ${gateway.version} · pid ${gateway.pid} · up ${span(gateway.uptimeMs ?? 0)}`),
    row('Load', `${bytes(processMemory.rss)} · ${load}`),
    row('Runs', `${runs.active} working · ${runs.queued} waiting${events}`),
    row('Sessions', [`${sessions.count}`, ...sessions.paths].join(' · ')),
  ];
}

function toAgents({ agents }: StatusReport): List {
  const rows = (agents?.agents ?? []).map(({ agentId, isDefault, model, reason, sessions }) =>
    [`${agentId}${isDefault ? ' (default)' : ''}`, `${model} (${reason})`, `${sessions} sessions`].join(' · '),
  );
  return { name: 'Agents', rows };
}

function toRecent({ sessions }: StatusReport, now: number): List {
  const rows = (sessions?.recent ?? []).map(
    ({ key, updatedAt }) => `${key}${updatedAt === null ? '' : ` · ${ago(updatedAt, now)}`}`,
  );
  return { name: 'Recent', rows };
}

function toLimits({ limits }: StatusReport, now: number): List {
  if (limits === undefined) return { name: 'Usage', rows: [] };
  if (limits === null) return { name: 'Usage', rows: ['not known: the gateway did not tell'] };
  const rows = limits.flatMap(({ displayName, windows }) =>
    windows.map(({ label, usedPercent, resetAt }) => {
      const whole = resetAt === undefined || resetAt <= now ? '' : ` · whole in ${span(resetAt - now)}`;
      return `${displayName} ${label} · ${Math.round(100 - usedPercent)}% left${whole}`;
    }),
  );
  return { name: 'Usage', rows: rows.length > 0 ? rows : ['no provider has told of its limits since the start'] };
}

function toProviders({ providers, readiness }: StatusReport): List {
  const ready = readiness && (readiness.ready ? 'ready' : `not ready: ${readiness.failing.join(', ')}`);
  const rows = (providers ?? []).map(({ provider, status, problem }) => `${provider} · ${problem ?? status}`);
  return { name: 'Deep', rows: [...(ready ? [ready] : readiness === null ? ['readiness not known'] : []), ...rows] };
}

/** What only `--all` asks for. */
function toAll({ port, extraServices = [], config, errors = [] }: StatusReport, now: number): List[] {
  const { warnings = [] } = config as { warnings?: { path: string; message: string }[] };
  return [
    {
      name: 'Port',
      rows: port
        ? [
            `${port.port} ${port.status}`,
            ...(port.listeners ?? []).map(({ pid, command, address }) => `${address} pid ${pid} ${command}`),
          ]
        : [],
    },
    { name: 'Others', rows: extraServices.map(({ label, path }) => `${label} · ${path}`) },
    { name: 'Warnings', rows: warnings.map(({ path, message }) => `${path}: ${message}`) },
    {
      name: 'Errors',
      rows: errors.map(({ time, subsystem, message }) => {
        const at = time === null ? Number.NaN : Date.parse(time);
        return [...(Number.isNaN(at) ? [] : [ago(at, now)]), subsystem ?? '-', message].join(' · ');
      }),
    },
  ];
}

/** Cuts lists, the longest first, until they fit; of a list that was cut the last row says how many are missing. */
function shorten(lists: readonly List[], room: number): string[] {
  const kept = lists.filter(({ rows }) => rows.length > 0).map((list) => ({ ...list, take: list.rows.length }));
  const total = () => kept.reduce((sum, { take }) => sum + take, 0);
  while (total() > room) {
    const longest = kept.reduce((a, b) => (b.take > a.take ? b : a), { take: 0 } as (typeof kept)[number]);
    if (longest.take <= 1) break;
    longest.take--;
  }
  return kept.flatMap(({ name, rows, take }) => {
    const missing = rows.length - take;
    const shown = missing > 0 ? [...rows.slice(0, take - 1), `and ${missing + 1} more`] : rows;
    return shown.map((text, index) => row(index === 0 ? name : '', text));
  });
}
