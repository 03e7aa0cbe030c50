import type { StabilityRecord, StabilitySummary } from '../../sdk/protocol/diagnostics.ts';
import type { LastRestart, RestartPreflight, ScheduledRestart } from '../../sdk/protocol/gateway.ts';
import type { UpdateAvailable, UpdateSchedule } from '../../sdk/protocol/update.ts';
import { oneLine } from './text.ts';
import { ago, bytes, span } from './time.ts';
import { type Look, renderValue } from './value.ts';

/** `gateway.restart.preflight`: what a restart would interrupt. Contract: as the views. */
export function renderPreflight(payload: unknown): string | undefined {
  const { summary, blockers } = (payload ?? {}) as Partial<RestartPreflight>;
  if (summary === undefined || !Array.isArray(blockers)) return undefined;
  return `${[oneLine(summary), ...blockers.map(({ message }) => `- ${oneLine(message)}`)].join('\n')}\n`;
}

/** `gateway.restart.request`: when it will be, and what it interrupts. Contract: as the views. */
export function renderScheduled(payload: unknown): string | undefined {
  const { restart, preflight } = (payload ?? {}) as { restart?: ScheduledRestart; preflight?: RestartPreflight };
  if (!restart || !preflight) return undefined;
  const { delayMs, coalesced, cooldownMsApplied } = restart;
  const wait =
    cooldownMsApplied > 0 ? `; ${span(cooldownMsApplied)} of it because the last restart was a moment ago` : '';
  const first = `${coalesced ? 'A restart had been asked for already: it' : 'The gateway'} restarts in ${span(delayMs)}${wait}.`;
  return `${first}\n${preflight.safe ? '' : renderPreflight(preflight)}`;
}

/** `diagnostics.stability`: an event a line, then what they add up to. Contract: as the views. */
export function renderStability(payload: unknown, look: Look): string | undefined {
  const answer = (payload ?? {}) as { events?: StabilityRecord[]; dropped?: number; summary?: StabilitySummary };
  const { events, dropped = 0, summary } = answer;
  if (!Array.isArray(events) || !summary?.memory) return undefined;
  const rows = events.map(({ seq, ts, type, ...rest }) => ({ seq, ts, type, ...rest }));
  const types = Object.entries(summary.byType).map(([type, times]) => `${oneLine(type)} ${times}`);
  return [
    rows.length === 0 ? 'Nothing has strained the gateway.\n' : renderValue(rows, look),
    ...(types.length > 0 ? [`Of each: ${types.join(', ')}\n`] : []),
    ...(dropped > 0 ? [`${dropped} older ones are gone.\n`] : []),
    `Memory: ${bytes(summary.memory.rssBytes)}, heap ${bytes(summary.memory.heapUsedBytes)} of ${bytes(summary.memory.heapTotalBytes)}\n`,
  ].join('');
}

interface UpdateStatus {
  sentinel?: LastRestart | null;
  updateAvailable?: UpdateAvailable | null;
  schedule?: UpdateSchedule;
}

/** `update.status`: how it was installed, whether there is something newer, how the last restart went. Contract: as the views. */
export function renderUpdate(payload: unknown, { paint, now }: Look): string | undefined {
  const { sentinel, updateAvailable, schedule } = (payload ?? {}) as UpdateStatus;
  if (!schedule?.install) return undefined;
  const { kind, git } = schedule.install;
  const commit = git?.currentSha === undefined ? '' : `, commit ${git.currentSha.slice(0, 12)}`;
  const made = git?.commitAtMs === undefined ? '' : ` of ${ago(git.commitAtMs, now)}`;
  const lines = [oneLine(`Installed: ${installs[kind] ?? kind}${commit}${made}, channel ${schedule.channel}`)];
  if (updateAvailable) lines.push(...tellUpdate(updateAvailable));
  else if (kind === 'git' && git) lines.push(`Update: ${checkouts[git.reason ?? git.status] ?? oneLine(git.status)}`);
  else lines.push('Update: a package does not look for one by itself');
  if (sentinel) {
    const how = sentinel.status === 'ok' ? 'went well' : paint('red', oneLine(sentinel.message ?? 'failed'));
    lines.push(`Last restart: ${ago(sentinel.ts, now)} (${oneLine(sentinel.reason)}), ${how}`);
  }
  return `${lines.join('\n')}\n`;
}

// --- internal ---

const installs: Record<string, string> = { git: 'checkout of the sources', package: 'package', unknown: 'unknown' };
const checkouts: Record<string, string> = {
  current: 'none, as of the last fetch (--refresh-checkout asks anew)',
  ahead: 'none; the checkout has commits of its own',
  diverged: 'the checkout and its branch have diverged',
  'no-upstream': 'unknown: the branch follows none',
  'fetch-failed': 'unknown: the remote repository could not be asked',
  'comparison-failed': 'unknown: the branches could not be compared',
  'git-unavailable': 'unknown: git could not be run',
};

function tellUpdate({ latestVersion, commitsBehind, upstreamRef, commits = [] }: UpdateAvailable): string[] {
  const distance =
    commitsBehind === undefined ? '' : `, ${commitsBehind} commits behind ${upstreamRef ?? 'its branch'}`;
  return [
    oneLine(`Update: ${latestVersion}${distance}`),
    ...commits.map(({ sha, subject }) => `- ${oneLine(`${sha.slice(0, 12)} ${subject}`)}`),
  ];
}
