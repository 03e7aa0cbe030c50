import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './processes.ts';

const run = promisify(execFile);

/** A real SSH server on loopback, with keys of its own, that lets one user in. */
export interface TestSshd {
  port: number;
  user: string;
  /** Private key that opens it. */
  identity: string;
  /** The line for known_hosts. */
  knownHost: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Debian's account without rights: what a server started by root runs as, since it then needs no folder of the system's. */
const nobody = { uid: 65_534, gid: 65_534, user: 'nobody' };

export async function startSshd(sshd: string): Promise<TestSshd> {
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? nobody : { uid: undefined, gid: undefined, user: userInfo().username };
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-sshd-'));
  await chmod(folder, 0o755);
  const serverDir = join(folder, 'server');
  await mkdir(serverDir, { mode: 0o755 });
  for (const file of [join(serverDir, 'host_key'), join(folder, 'identity')])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const port = await freePort();
  const authorized = join(serverDir, 'authorized_keys');
  await writeFile(authorized, await readFile(join(folder, 'identity.pub')));
  const config = join(serverDir, 'sshd_config');
  await writeFile(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(serverDir, 'host_key')}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      // Without it, a server that may not read the passwords takes every account for a locked one.
      'UsePAM yes',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
    ].join('\n'),
  );
  if (account.uid !== undefined)
    for (const file of ['host_key', 'authorized_keys', 'sshd_config'])
      await chown(join(serverDir, file), account.uid, account.gid);
  const { uid, gid } = account;
  const server = spawn(sshd, ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(uid !== undefined && { uid, gid }),
  });
  let said = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await untilItListens(server, port, () => said);
  const hostKey = (await readFile(join(serverDir, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  return {
    port,
    user: account.user,
    identity: join(folder, 'identity'),
    knownHost: `[127.0.0.1]:${port} ${hostKey}\n`,
    async [Symbol.asyncDispose]() {
      if (server.exitCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilItListens(server: ChildProcess, port: number, said: () => string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await sleep(20);
  }
}
