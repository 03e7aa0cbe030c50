import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Log } from '../log/log.ts';
import { createClaimFile } from './claim-file.ts';

// tailscale status ─► running? ─► what a killed gateway left is ended ─► tailscale serve|funnel, in the foreground ─► it shows its address: open
//                                      └─ ended before: why                    └─ close: SIGTERM, then SIGKILL

export interface ExposureOptions {
  /** `serve` is for the tailnet, `funnel` for everybody. */
  mode: 'serve' | 'funnel';
  /** Port on loopback that requests are passed on to. */
  port: number;
  /** Remembers the claim, for the next gateway when this one is killed. */
  stateDir: string;
  env: NodeJS.ProcessEnv;
  /** True once the gateway ends by itself. */
  isStopping(): boolean;
  log: Log;
  /** Milliseconds until it has to be open. Default 20 000. */
  timeoutMs?: number | undefined;
}

export interface Exposure {
  /** For example `https://box.tail1234.ts.net/`. */
  url: string;
  /** Takes the address back; resolves when it is gone. */
  close(): Promise<void>;
}

const statusMs = 5_000;
const defaultTimeoutMs = 20_000;
const killMs = 2_000;
const maxSaid = 8_000;
const togetherMs = 500;

/**
 * Has Tailscale pass requests on to the gateway. The claim is one of the foreground: Tailscale gives it up when its program ends,
 * however the gateway ends it.
 * @throws GatewayError UNAVAILABLE that says what Tailscale lacks.
 */
export async function exposeByTailscale(options: ExposureOptions): Promise<Exposure> {
  const { mode, port, stateDir, env, isStopping, log, timeoutMs = defaultTimeoutMs } = options;
  await requireRunning(env, mode);
  const file = createClaimFile(stateDir);
  if (await file.endLeftover())
    log.warn('took over the address that a gateway which was killed has left with tailscale');
  const claim = spawn('tailscale', [mode, '--yes', `http://127.0.0.1:${port}`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const onExit = () => void claim.kill('SIGTERM');
  process.on('exit', onExit);
  let isWanted = true;
  const close = async () => {
    isWanted = false;
    process.off('exit', onExit);
    await end(claim);
    await file.remove();
  };
  try {
    if (claim.pid !== undefined) await file.write(claim.pid);
    const url = await untilOpen(claim, { mode, timeoutMs });
    const mourn = (code: number | null) => {
      if (isWanted && !isStopping())
        log.error(
          `tailscale ${mode} has ended (${code}): the gateway cannot be reached at ${url} any more, restart it`,
        );
    };
    // Ctrl-C, and a supervisor that stops the whole group, end it together with the gateway, whose stop may begin a moment later.
    claim.once('exit', (code) => void setTimeout(mourn, togetherMs, code).unref());
    log.info(`tailscale ${mode}: ${url}`);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// --- internal ---

async function requireRunning(env: NodeJS.ProcessEnv, mode: string): Promise<void> {
  const { stdout } = await promisify(execFile)('tailscale', ['status', '--json'], { env, timeout: statusMs }).catch(
    (error: NodeJS.ErrnoException & { stderr?: string; stdout?: string }) => {
      if (error.code === 'ENOENT')
        throw fault(
          mode,
          'there is no program tailscale on this machine: install Tailscale and run "tailscale up"',
          error,
        );
      // Logged out, it answers with its state and fails all the same.
      if (error.stdout) return { stdout: error.stdout };
      throw fault(
        mode,
        `tailscale status failed: ${toLine(error.stderr ?? '')}: start its service, then "tailscale up"`,
        error,
      );
    },
  );
  const state = readState(stdout);
  if (state !== 'Running') throw fault(mode, `Tailscale is not connected (${state}): run "tailscale up"`);
}

function readState(text: string): string {
  try {
    return String((JSON.parse(text) as { BackendState?: unknown }).BackendState);
  } catch {
    return 'it tells no state'; // another program of that name
  }
}

/** It shows the address once the claim is active. */
async function untilOpen(
  claim: ChildProcess,
  { mode, timeoutMs }: Pick<ExposureOptions, 'mode'> & { timeoutMs: number },
) {
  let said = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const hear = (text: string) => {
    said = (said + text).slice(-maxSaid);
    const url = /https:\/\/[\w.-]+(:\d+)?\/?/.exec(said)?.[0];
    // A line that asks for something to be switched on shows an address as well.
    if (url && /Available (within|on)/i.test(said)) resolve(url);
  };
  claim.stdout?.setEncoding('utf8').on('data', hear);
  claim.stderr?.setEncoding('utf8').on('data', hear);
  claim.once('error', (error) => reject(fault(mode, `tailscale cannot be run (${error.message})`, error)));
  claim.once('close', () =>
    reject(fault(mode, `tailscale ${mode} ended: ${toLine(said) || 'without a word'}${advise(said)}`)),
  );
  const timer = setTimeout(
    () =>
      reject(
        fault(
          mode,
          `tailscale ${mode} did not open within ${timeoutMs} ms: ${toLine(said) || 'it said nothing'}${advise(said)}`,
        ),
      ),
    timeoutMs,
  );
  return promise.finally(() => clearTimeout(timer));
}

function advise(said: string): string {
  if (/not enabled|enable|visit/i.test(said))
    return '; switch it on for this tailnet in the admin console, then start again';
  if (/permission|operator|root|access denied/i.test(said))
    return '; let this user do it once with "sudo tailscale set --operator=$USER"';
  if (/already|in use|exists|listener/i.test(said))
    return '; see "tailscale serve status" for who has that address, and "tailscale serve reset"';
  return '; try the same by hand';
}

const toLine = (text: string) => text.trim().split('\n').filter(Boolean).slice(-3).join('; ').slice(0, 400);

function fault(mode: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'UNAVAILABLE',
    `gateway.tailscale.mode "${mode}": ${what}. Or set gateway.tailscale.mode to off.`,
    {
      details: { code: 'TAILSCALE_UNAVAILABLE', mode },
      cause,
    },
  );
}

async function end(claim: ChildProcess): Promise<void> {
  if (claim.pid === undefined || claim.exitCode !== null || claim.signalCode !== null) return;
  const gone = once(claim, 'exit');
  const timer = setTimeout(() => claim.kill('SIGKILL'), killMs);
  claim.kill('SIGTERM');
  await gone;
  clearTimeout(timer);
}
