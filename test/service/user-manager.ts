import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, withoutIt } from '../needs.ts';

/** A real user manager of systemd, with a home and a runtime folder of its own. */
export interface UserManager extends AsyncDisposable {
  home: string;
  /** What its programs have: HOME, XDG_RUNTIME_DIR, PATH. */
  env: NodeJS.ProcessEnv;
}

const systemd = findProgram('systemd', 'services under systemd');
const unshare = findProgram('unshare', 'services under systemd');

/**
 * Starts `systemd --user`, which needs to be told by a folder in /run that systemd has booted the machine, in a mount
 * namespace of its own, and a control group to divide, here below the one that this process is in. Undefined, and said so,
 * where this user may not make them.
 */
export async function startUserManager(): Promise<UserManager | undefined> {
  if (!systemd || !unshare) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-systemd-'));
  // All that a unit has to escape.
  const home = join(folder, 'home "of" $USER, 50% \\');
  const runtimeDir = join(folder, 'run');
  await mkdir(home);
  const manager = await launch(systemd, unshare, home, runtimeDir);
  if (await listens(manager, join(runtimeDir, 'systemd', 'private')))
    return {
      home,
      env: { HOME: home, XDG_RUNTIME_DIR: runtimeDir, PATH: process.env.PATH, TMPDIR: folder, NO_COLOR: '1' },
      async [Symbol.asyncDispose]() {
        await manager.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  await manager.stop();
  await rm(folder, { recursive: true, force: true });
  // A machine that has systemd need not let anybody start one.
  return withoutIt('systemd --user', `services under systemd (none starts here: ${manager.output().trim()})`);
}

// --- internal ---

interface Manager {
  hasEnded(): boolean;
  output(): string;
  stop(): Promise<void>;
}

const script = `
[ -z "$1" ] || echo $$ > "$1/cgroup.procs" || exit 1
mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system || exit 1
exec "$2" --user --log-target=console --show-status=no
`;

async function launch(systemd: string, unshare: string, home: string, runtimeDir: string): Promise<Manager> {
  await mkdir(runtimeDir, { mode: 0o700 });
  const group = await makeGroup();
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const child = spawn(unshare, ['--mount', ...asRoot, 'sh', '-c', script, 'sh', group ?? '', systemd], {
    env: { HOME: home, XDG_RUNTIME_DIR: runtimeDir, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      if (group) await removeGroups(group);
    },
  };
}

/** The folder of a control group for it alone: below ours where they are unified, in the unified part where both kinds are. */
async function makeGroup(): Promise<string | undefined> {
  const mine = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  for (const root of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup']) {
    const group = join(root, mine, `openclaw-test-${process.pid}-${Date.now().toString(36)}`);
    const isMade = await access(join(root, mine, 'cgroup.procs'))
      .then(() => mkdir(group))
      .catch(() => false);
    if (isMade !== false) return group;
  }
  return undefined;
}

/** The manager has emptied them; it made the same ones in the old hierarchy of its own. */
async function removeGroups(group: string): Promise<void> {
  const old = group.replace('/sys/fs/cgroup/unified/', '/sys/fs/cgroup/systemd/');
  for (const folder of new Set([group, old])) await removeTree(folder);
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder).catch(() => undefined);
}

async function listens(manager: Manager, socket: string): Promise<boolean> {
  for (let tries = 0; tries < 200 && !manager.hasEnded(); tries++) {
    const isThere = await access(socket).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
    await sleep(50);
  }
  return false;
}
