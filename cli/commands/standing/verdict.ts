import { listDegraded } from '../../render/troubles.ts';
import { nextStep, reloadOf } from './gateway-report.ts';
import type { Standing } from './standing.ts';

/** How things stand, in one sentence; what is wrong, and what to type about it. */
export interface Verdict {
  level: 'ok' | 'degraded' | 'down';
  message: string;
  /** What keeps it from being `ok`, the gravest first. */
  problems: string[];
  /** Undefined when nothing has to be done. */
  next?: string | undefined;
}

/** Weighs what was found. */
export function judge(standing: Standing): Verdict {
  const { probe, target, here, isLocal } = standing;
  const { fault } = here.config;
  const localFaults = isLocal ? [...(fault ? [lineOf(fault)] : []), ...here.faults] : [];
  if (!probe?.reachable) {
    const why = probe?.connect.error?.message ?? 'no answer';
    const message = `no gateway answers at ${target.url}: ${why}`;
    return { level: 'down', message, problems: localFaults, next: nextStep(standing) };
  }
  if (!probe.connect.rpcOk) {
    const why = probe.connect.error?.message ?? 'no reason given';
    const message = `a gateway is there at ${target.url}, but it does not answer us: ${why}`;
    return { level: 'degraded', message, problems: localFaults, next: nextStep(standing) };
  }
  // What the gateway says of the file is said once.
  const own = reloadOf(probe)?.fault ? here.faults : localFaults;
  const problems = [...findTroubles(standing), ...(isLocal ? own : [])];
  if (problems.length === 0) return { level: 'ok', message: describe(standing), problems: [] };
  return { level: 'degraded', message: describe(standing), problems, next: adviceFor(standing) };
}

// --- internal ---

function describe({ probe, target }: Standing): string {
  const { models = [], sessions, runs } = probe?.status ?? {};
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const facts = [
    count(models.length, 'agent'),
    count(sessions?.count ?? 0, 'session'),
    `${count(runs?.active ?? 0, 'run')} working`,
  ];
  return `the gateway answers at ${target.url}: ${facts.join(', ')}`;
}

/** What the gateway says is wrong with itself. */
function findTroubles({ probe }: Standing): string[] {
  const { lastRestart, eventLoop } = probe?.status ?? {};
  const secrets = listDegraded(probe?.status ?? {});
  const { fault, restartPending = [] } = reloadOf(probe) ?? {};
  return [
    ...(fault ? [`the configuration file is not in effect, the last good one is: ${lineOf(fault.message)}`] : []),
    ...(lastRestart?.status === 'error'
      ? [`restarted with the configuration from before: ${lineOf(lastRestart.message ?? 'no reason given')}`]
      : []),
    ...(secrets.length > 0 ? [`degraded secrets: ${secrets.join(', ')}`] : []),
    ...(restartPending.length > 0 ? [`a restart is needed for ${restartPending.join(', ')}`] : []),
    ...(eventLoop?.degraded ? [`the gateway is busy: ${eventLoop.reasons.join(', ')}`] : []),
  ];
}

function adviceFor({ probe, here }: Standing): string {
  const { fault, restartPending } = reloadOf(probe) ?? {};
  if (fault || !here.config.valid) return 'openclaw config validate';
  if ((probe?.status?.degradedSecretOwners.length ?? 0) > 0) return 'openclaw secrets reload';
  if (restartPending) return 'openclaw gateway restart request';
  return here.faults.length > 0 ? 'openclaw doctor' : 'openclaw diagnostics stability';
}

/** The first two lines of a long text: what is invalid, and the first place. */
function lineOf(text: string): string {
  return text
    .split('\n')
    .slice(0, 2)
    .map((line) => line.trim())
    .join(' ');
}
