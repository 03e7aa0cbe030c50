import { GatewayError, isGatewayError } from '../../../sdk/protocol/errors.ts';
import type { ScheduledRestart } from '../../../sdk/protocol/gateway.ts';
import { readGatewayHere } from '../../local/gateway-here.ts';
import { probeGateway } from '../../local/probe.ts';
import { request } from '../../request.ts';
import {
  type Detached,
  findUnsupervised,
  forgetDetached,
  isRunning,
  signalProcess,
  startDetached,
} from '../../service/detached.ts';
import { readEvidence } from '../../service/evidence.ts';
import { credentialsOf, waitUntilServing } from '../../service/serving.ts';
import { waitFor } from '../../service/wait.ts';
import type { Shell } from '../../shell.ts';
import type { Outcome } from './outcome.ts';
import type { Task } from './verbs.ts';

/** Milliseconds for a gateway to say hello. */
const startMs = 30_000;
/** A gateway ends within 30 s of SIGTERM, whatever hangs. */
const stopMs = 40_000;
/** Two restarts are this far apart, and runs get 15 s to end. */
const restartMs = 60_000;
const longDelayMs = 1000;

/** `gateway start --detach`: returns when the gateway says hello. */
export async function startUnsupervised({ shell, args, launch, timeoutMs }: Task): Promise<Outcome> {
  const running = await findUnsupervised(shell, launch);
  if (running)
    return {
      ok: true,
      result: 'already-running',
      pid: running.pid,
      message: `The gateway runs already (pid ${running.pid}).`,
    };
  const child = await startDetached(shell, launch, toRunFlags(args));
  const { runtime, outputFile } = child;
  const serving = await waitUntilServing(shell, { runtime, wordsIn: outputFile, timeoutMs: timeoutMs(startMs) }).catch(
    async (error) => {
      await forgetDetached(launch);
      throw error;
    },
  );
  const hints = [`Its output: ${outputFile}`, 'Stop it: openclaw gateway stop'];
  return { ok: true, result: 'started', ...serving, hints, notices: serving.refused ? [serving.refused] : [] };
}

/** `gateway stop` where no service runs: the gateway of this state directory, however it was started. */
export async function stopUnsupervised({ shell, launch, found, timeoutMs }: Task): Promise<Outcome> {
  const running = await findUnsupervised(shell, launch);
  if (!running || !(await signalProcess(running, 'SIGTERM'))) {
    await forgetDetached(launch);
    return nothingToStop(found.missing);
  }
  const { logFile } = await readGatewayHere(shell);
  await waitFor(shell, {
    look: async () => ((await isRunning(running)) ? undefined : true),
    what: () => `the gateway to end (pid ${running.pid})`,
    timeoutMs: timeoutMs(stopMs),
    evidence: () => readEvidence(logFile),
  });
  await forgetDetached(launch);
  return { ok: true, result: 'stopped', pid: running.pid, message: `Stopped the gateway (pid ${running.pid}).` };
}

/** `gateway restart` where no service runs: the gateway starts anew in its process, which keeps its number. */
export async function restartUnsupervised(task: Task): Promise<Outcome> {
  const { shell, launch, found, timeoutMs } = task;
  const running = await findUnsupervised(shell, launch);
  if (!running) return nothingToRestart(found.service?.name, found.missing);
  const before = await lookAt(shell);
  await askToRestart(shell, running);
  const { logFile } = await readGatewayHere(shell);
  const url = await waitFor(shell, {
    async look() {
      if (!(await isRunning(running))) throw hasEnded(running, await readEvidence(logFile));
      const now = await lookAt(shell);
      return now.bootId !== undefined && now.bootId !== before.bootId ? now.url : undefined;
    },
    what: () => `the gateway to restart in its process (pid ${running.pid})`,
    timeoutMs: timeoutMs(restartMs),
    evidence: () => readEvidence(logFile),
  });
  return { ok: true, result: 'restarted', pid: running.pid, previousPid: running.pid, url };
}

// --- internal ---

function toRunFlags(args: Record<string, unknown>): string[] {
  const valued = ['port', 'bind', 'auth', 'password-file'].flatMap((name) =>
    args[name] === undefined ? [] : [`--${name}`, String(args[name])],
  );
  return args['allow-unconfigured'] === true ? [...valued, '--allow-unconfigured'] : valued;
}

async function lookAt(shell: Shell): Promise<{ url: string; bootId?: string | undefined }> {
  const { url, tlsFingerprint, runtime } = await readGatewayHere(shell);
  const credentials = credentialsOf(shell, runtime?.credentials ?? {});
  const { server } = await probeGateway({
    url: runtime?.url ?? url,
    tlsFingerprint: runtime?.tlsFingerprint ?? tlsFingerprint,
    credentials,
  });
  return { url: runtime?.url ?? url, bootId: server?.bootId ?? undefined };
}

/** Asks it as any client does, which tells why it will not; a gateway that does not let us in hears the signal. */
async function askToRestart(shell: Shell, running: Detached): Promise<void> {
  try {
    const answered = (await request(
      shell,
      { method: 'gateway.restart.request', kind: 'mutation' },
      { reason: 'openclaw gateway restart', delayMs: 0 },
    )) as { restart?: ScheduledRestart };
    const { delayMs = 0 } = answered.restart ?? {};
    if (delayMs > longDelayMs)
      shell.note(`The last restart was a moment ago: this one begins in ${Math.ceil(delayMs / 1000)} s.`);
  } catch (error) {
    if (isGatewayError(error) && error.code === 'UNAVAILABLE') throw error;
    await signalProcess(running, 'SIGUSR2');
  }
}

function hasEnded({ pid }: Detached, evidence: string[]): GatewayError {
  return new GatewayError(
    'UNAVAILABLE',
    [`The gateway (pid ${pid}) has ended instead of restarting.`, ...evidence].join('\n'),
  );
}

/** Without a supervisor it is not known that none is to run: whoever expects one to be there hears that it is not. */
function nothingToStop(missing: string | undefined): Outcome {
  const what = 'No gateway runs here';
  return missing === undefined
    ? { ok: true, result: 'not-running', message: `${what}.` }
    : { ok: false, result: 'no-supervisor', message: `${what}, and there is no service to stop: ${missing}.` };
}

function nothingToRestart(name: string | undefined, missing: string | undefined): Outcome {
  return {
    ok: false,
    result: name ? 'not-installed' : 'not-running',
    message: name
      ? `${name} is not installed, and no gateway runs here.`
      : `No gateway runs here, and there is no service: ${missing}.`,
    hints: [
      ...(name ? ['Install and start it: openclaw gateway install'] : []),
      'Start one without a service: openclaw gateway start --detach',
    ],
  };
}
