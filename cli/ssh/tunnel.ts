import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryPort } from '../local/try-port.ts';
import { sshError, toSshError } from './failure.ts';
import { isForeignListener } from './listener.ts';
import type { SshTarget } from './target.ts';

// a free port ─► ssh -N -L ─► the port answers: open ─► close: SIGTERM, after a second SIGKILL
//                   └─ ended: why, by what it said    └─ this process ends: the client as well

export interface TunnelOptions {
  target: SshTarget;
  /** Port of the gateway, on loopback of the other machine. */
  remotePort: number;
  /** File of a private key; undefined: those that the client tries by itself. */
  identity?: string | undefined;
  /** `strict` wants a host key that is known; `openssh` leaves it to the client's settings. */
  hostKeyPolicy: 'strict' | 'openssh';
  /** Milliseconds until it has to be open. */
  timeoutMs: number;
  env: NodeJS.ProcessEnv;
}

export interface Tunnel {
  /** On 127.0.0.1. */
  port: number;
  /** Ends the client; resolves when it is gone. */
  close(): Promise<void>;
}

const lookMs = 50;
const killMs = 1000;
/** Characters of what the client says that are kept. */
const maxSaid = 8_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Forwards a free port of this machine through the system's SSH client. @throws GatewayError UNREACHABLE */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const { target, timeoutMs, env } = options;
  const { port, refused } = await tryPort(0, '127.0.0.1');
  if (port === undefined)
    throw sshError('SSH_FAILED', target.destination, `no port of this machine is free (${refused})`);
  const client = spawn('ssh', toArguments(options, port), {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
  });
  let said = '';
  client.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxSaid);
  });
  const ended = untilEnded(client, target.destination);
  const release = endWithThisProcess(client);
  const close = async () => {
    release();
    await end(client);
  };
  try {
    const deadline = performance.now() + timeoutMs;
    const isOpen = untilOpen(port, () => performance.now() < deadline && client.exitCode === null);
    const failure = await Promise.race([isOpen, ended]);
    if (failure === 'open' && (await isForeignListener(port)))
      throw sshError(
        'SSH_FORWARDING',
        target.destination,
        `another user of this machine has taken port ${port}, which it was to begin at: nothing was sent there; try again`,
      );
    if (failure === 'open' && client.exitCode === null) return { port, close };
    if (failure === 'late' && client.exitCode === null)
      throw sshError(
        'SSH_TIMEOUT',
        target.destination,
        `it did not open within ${timeoutMs} ms: try "ssh ${target.destination}"`,
      );
    await ended;
    throw toSshError(target.destination, said);
  } catch (error) {
    await close();
    throw error;
  }
}

// --- internal ---

/** An argument list: no shell reads any of it. */
function toArguments({ target, remotePort, identity, hostKeyPolicy }: TunnelOptions, port: number): string[] {
  const settings = [
    'ExitOnForwardFailure=yes',
    'BatchMode=yes',
    // A connection that others share would outlive this command.
    'ControlMaster=no',
    'ControlPath=none',
    'GatewayPorts=no',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    ...(hostKeyPolicy === 'strict' ? ['StrictHostKeyChecking=yes'] : []),
    ...(identity === undefined ? [] : ['IdentitiesOnly=yes']),
  ];
  return [
    '-N',
    '-L',
    `${port}:127.0.0.1:${remotePort}`,
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(identity === undefined ? [] : ['-i', identity]),
    target.destination,
  ];
}

/** The client listens once it is let in. */
async function untilOpen(port: number, goesOn: () => boolean): Promise<'open' | 'late'> {
  while (goesOn()) {
    if (await answers(port)) return 'open';
    await sleep(lookMs);
  }
  return 'late';
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Resolves when it has ended, with all that it said. Rejects when there is no such program. */
function untilEnded(client: ChildProcess, destination: string): Promise<'ended'> {
  const ended = new Promise<'ended'>((resolve, reject) => {
    client.once('close', () => resolve('ended'));
    client.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      const what = isMissing
        ? 'there is no program ssh on this machine: install the OpenSSH client (Debian: openssh-client)'
        : `ssh cannot be run (${error.code})`;
      reject(sshError(isMissing ? 'SSH_MISSING' : 'SSH_FAILED', destination, what, error));
    });
  });
  // Whoever waits hears of it; when nobody does any more, it is not news.
  ended.catch(() => {});
  return ended;
}

/** However this process ends, short of SIGKILL. @returns how to stop looking after it. */
function endWithThisProcess(client: ChildProcess): () => void {
  const onExit = () => void client.kill('SIGTERM');
  const onSignal = (signal: NodeJS.Signals) => {
    // A command that minds the signal itself closes the tunnel when it is done.
    if (process.listenerCount(signal) > 1) return;
    onExit();
    release();
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}

async function end(client: ChildProcess): Promise<void> {
  if (client.pid === undefined || client.exitCode !== null || client.signalCode !== null) return;
  const gone = once(client, 'exit');
  const timer = setTimeout(() => client.kill('SIGKILL'), killMs);
  client.kill('SIGTERM');
  await gone;
  clearTimeout(timer);
}
