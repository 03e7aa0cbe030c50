import { homedir } from 'node:os';
import { readRemoteSettings } from '../../sdk/node/remote-settings.ts';
import { expandHome } from '../../server/config/home-path.ts';
import { toTimeoutMs } from '../globals.ts';
import { misuse } from '../misuse.ts';
import { readPort } from '../port.ts';
import { withProgress } from '../progress.ts';
import type { Shell } from '../shell.ts';
import { readSshTarget } from './target.ts';
import { openTunnel } from './tunnel.ts';

/** Milliseconds for a tunnel, unless `--timeout` says otherwise. */
const patienceMs = 15_000;

/** Commands that work on this machine's own gateway: there is nothing that a tunnel would change. */
const here =
  /^openclaw (gateway( (run|install|uninstall|start|stop|restart))?|doctor|setup|bugreport|completion|help)$/;

/**
 * Runs a command against the gateway of another machine, through an SSH tunnel that lasts as long as the command. As with
 * `--url`, no credential of this machine is sent; those of `gateway.remote` are when its `sshTarget` is the same.
 * @throws GatewayError bad usage, or UNREACHABLE when there is no tunnel.
 */
export async function throughSsh<T>(shell: Shell, path: readonly string[], use: () => Promise<T>): Promise<T> {
  const { globals, env } = shell;
  const ssh = globals.ssh ?? '';
  if (globals.url !== undefined) throw misuse('--ssh and --url both name the gateway: leave one out');
  if (here.test(path.join(' ')))
    throw misuse(`--ssh is for commands that ask a gateway, and ${path.join(' ')} is about the one here`);
  const target = readSshTarget(ssh);
  const remote = await readRemoteSettings(env);
  const isConfigured = remote.sshTarget === ssh;
  const remotePort = readPort(globals['remote-port'], '--remote-port') ?? remote.remotePort ?? 18_789;
  const identity = globals['ssh-identity'] ?? (isConfigured ? remote.sshIdentity : undefined);
  const work = openTunnel({
    target,
    remotePort,
    identity: identity && expandHome(identity, env.HOME || homedir()),
    hostKeyPolicy: isConfigured && remote.sshHostKeyPolicy === 'openssh' ? 'openssh' : 'strict',
    timeoutMs: toTimeoutMs(globals) ?? patienceMs,
    env,
  });
  const tunnel = await withProgress(shell, { what: `Opening an SSH tunnel to ${target.destination}`, work });
  try {
    if (isConfigured && globals.token === undefined && globals.password === undefined)
      Object.assign(globals, remote.secrets);
    if (isConfigured) globals['tls-fingerprint'] ??= remote.tlsFingerprint;
    globals.url = `${globals['tls-fingerprint'] === undefined ? 'ws' : 'wss'}://127.0.0.1:${tunnel.port}`;
    globals.tunnel = { target: ssh, remotePort };
    return await use();
  } finally {
    await tunnel.close();
  }
}
