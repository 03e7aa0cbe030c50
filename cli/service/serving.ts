import { GatewayError } from '../../sdk/protocol/errors.ts';
import { readGatewayHere } from '../local/gateway-here.ts';
import { type Probe, probeGateway } from '../local/probe.ts';
import type { Shell } from '../shell.ts';
import { readEvidence } from './evidence.ts';
import type { Runtime } from './service.ts';
import { waitFor } from './wait.ts';

/** A gateway that has said hello. */
export interface Serving {
  pid: number;
  url: string;
  /** Set when it answers and does not let us in: it runs, and another command would be refused. */
  refused?: string | undefined;
}

export interface ServingOptions {
  /** What is known of the process. */
  runtime(): Promise<Runtime>;
  /** The process that is not meant: the one from before. */
  not?: number | undefined;
  timeoutMs: number;
  /** Where its last words are. Default: its log. */
  wordsIn?: string | undefined;
  /** More commands to look at when it does not come. */
  more?: readonly string[];
}

/** Waits until a new process has said hello. @throws GatewayError TIMEOUT, or UNAVAILABLE when it ended instead. */
export async function waitUntilServing(shell: Shell, options: ServingOptions): Promise<Serving> {
  const { not, timeoutMs, more } = options;
  let runtime: Runtime = { status: 'unknown' };
  let seen: Serving | undefined;
  const words = options.wordsIn ?? (await readGatewayHere(shell)).logFile;
  return waitFor(shell, {
    async look() {
      runtime = await options.runtime();
      if (hasGivenUp(runtime)) throw ended(runtime, await readEvidence(words, more));
      if (runtime.pid === undefined || runtime.pid === not) return undefined;
      seen = await askOnce(shell, runtime.pid);
      return seen;
    },
    what: () => `the gateway to say hello (${tellRuntime(runtime)})`,
    timeoutMs,
    evidence: () => readEvidence(words, more),
  });
}

/** Asks the gateway of this state directory, when the process is the one that says so there. */
export async function askOnce(shell: Shell, pid: number): Promise<Serving | undefined> {
  const { runtime: file } = await readGatewayHere(shell);
  if (file?.pid !== pid) return undefined;
  const { url, tlsFingerprint, credentials } = file;
  const probe = await probeGateway({ url, tlsFingerprint, credentials: credentialsOf(shell, credentials) });
  return probe.reachable ? { pid, url, refused: refusalOf(probe) } : undefined;
}

/** Of one line: `active, pid 12`. */
export function tellRuntime({ status, state, substate, pid, detail }: Runtime): string {
  const words = state ? [state, substate].filter(Boolean).join('/') : status;
  return [words, pid ? `pid ${pid}` : '', detail ?? ''].filter(Boolean).join(', ');
}

/** What this command line presents to the gateway of its state directory. */
export function credentialsOf({ globals, env }: Shell, shared: Credentials): Credentials {
  const given = { token: globals.token, password: globals.password };
  if (given.token || given.password) return given;
  if (shared.token || shared.password) return shared;
  return { token: env.OPENCLAW_GATEWAY_TOKEN, password: env.OPENCLAW_GATEWAY_PASSWORD };
}

// --- internal ---

type Credentials = { token?: string | undefined; password?: string | undefined };

function refusalOf({ connect }: Probe): string | undefined {
  return connect.ok ? undefined : (connect.error?.message ?? 'it did not let us in');
}

/** The supervisor does not try again. */
const hasGivenUp = ({ status, state }: Runtime) => status === 'stopped' && state === 'failed';

function ended(runtime: Runtime, evidence: string[]): GatewayError {
  const isConfig = runtime.lastExit === 'exit 78';
  const why = isConfig
    ? 'it refuses its configuration (exit code 78), and is not started again before that is put right: openclaw doctor'
    : `it ended (${runtime.lastExit ?? 'no exit code is known'}), and is not started again`;
  return new GatewayError('UNAVAILABLE', [`The gateway does not start: ${why}.`, ...evidence].join('\n'));
}
