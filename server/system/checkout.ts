import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CheckoutStatus, UpdateAvailable } from '../../sdk/protocol/update.ts';

/** A checkout of the sources, beside the branch it follows. */
export interface Checkout {
  git: CheckoutStatus;
  /** When it is behind. */
  available?: Omit<UpdateAvailable, 'currentVersion' | 'channel'> | undefined;
}

const run = promisify(execFile);
const lookMs = 10_000;
const fetchMs = 30_000;
const maxSubject = 120;

/**
 * Compares a checkout with its upstream. Never rejects: what keeps it from comparing is the status `unavailable`.
 * @param refresh asks the remote repository before.
 */
export async function compareCheckout(folder: string, refresh: boolean): Promise<Checkout> {
  const git = async (...args: string[]) => {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
    const timeout = args[0] === 'fetch' ? fetchMs : lookMs;
    return (await run('git', ['-C', folder, ...args], { env, timeout, windowsHide: true })).stdout.trim();
  };
  const unavailable = (reason: CheckoutStatus['reason'], known: object = {}): Checkout => ({
    git: { ...known, status: 'unavailable', reason },
  });
  // Each failure is a status of its own, so each is caught where it happens.
  const head = await git('log', '-1', '--format=%H %ct').catch(() => undefined);
  if (head === undefined) return unavailable('git-unavailable');
  const [currentSha = '', seconds] = head.split(' ');
  const known = { currentSha, commitAtMs: Number(seconds) * 1000 };
  const upstreamRef = await git('rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}').catch(
    () => undefined,
  );
  if (!upstreamRef) return unavailable('no-upstream', known);
  if (refresh && (await git('fetch', '--quiet').catch(() => undefined)) === undefined)
    return unavailable('fetch-failed', known);
  return compare(git, { ...known, upstreamRef }).catch(() => unavailable('comparison-failed', known));
}

type Git = (...args: string[]) => Promise<string>;

async function compare(
  git: Git,
  known: { currentSha: string; commitAtMs: number; upstreamRef: string },
): Promise<Checkout> {
  const { upstreamRef, ...commit } = known;
  const counts = await git('rev-list', '--left-right', '--count', `HEAD...${upstreamRef}`);
  const [commitsAhead = 0, commitsBehind = 0] = counts.split(/\s+/).map(Number);
  if (commitsBehind === 0) {
    return { git: commitsAhead > 0 ? { ...commit, status: 'ahead', commitsAhead } : { ...commit, status: 'current' } };
  }
  const [upstreamSha, manifest, log] = await Promise.all([
    git('rev-parse', upstreamRef),
    git('show', `${upstreamRef}:package.json`),
    git('log', '-5', '--format=%h %s', `HEAD..${upstreamRef}`),
  ]);
  const commits = log.split('\n').map((line) => {
    const space = line.indexOf(' ');
    return { sha: line.slice(0, space), subject: line.slice(space + 1, space + 1 + maxSubject) };
  });
  const latestVersion = String(JSON.parse(manifest).version);
  return {
    git:
      commitsAhead > 0
        ? { ...commit, status: 'diverged', commitsAhead, commitsBehind }
        : { ...commit, status: 'behind', commitsBehind },
    available: { latestVersion, currentSha: known.currentSha, upstreamRef, upstreamSha, commitsBehind, commits },
  };
}
