import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLockPaths, isOwnerAlive, readLockOwner, readStartTime } from '../../server/config/lock-file.ts';
import { takeGatewayLock } from '../../server/database/gateway-lock.ts';
import { scratch } from '../scratch.ts';

const module = join(import.meta.dirname, '..', '..', 'server', 'database', 'gateway-lock.ts');
const taker = `
  const { takeGatewayLock } = await import(process.argv[1]);
  await takeGatewayLock({ ...JSON.parse(process.argv[2]), port: 7 });
  process.stdout.write('taken');
  setInterval(() => {}, 1000);
`;

const claimOf = (folder: string, more: object = {}) => ({
  stateDir: folder,
  configPath: join(folder, 'openclaw.json'),
  port: 18_789,
  withinMs: 0,
  ...more,
});

/** A process that holds the lock of a folder until it is killed. */
async function startOwner(folder: string) {
  const args = ['--input-type=module', '--eval', taker, module, JSON.stringify(claimOf(folder))];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return disposable(child);
}

function disposable(child: ChildProcess) {
  const ended = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: child.pid ?? 0, kill, [Symbol.asyncDispose]: kill };
}

const sleeper = () => disposable(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }));

describe('the lock of a gateway', () => {
  it('says in two files who holds it, and takes them away', async () => {
    await using folder = await scratch();
    const claim = claimOf(folder.path);
    const lock = await takeGatewayLock(claim);
    const paths = await findLockPaths(claim);
    const uid = process.getuid?.();
    expect(dirname(paths.state)).toBe(join(folder.path, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`));
    for (const path of [paths.state, paths.config]) {
      expect(path).toMatch(/gateway\.[0-9a-f]{8}\.lock$/);
      expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
        pid: process.pid,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        configPath: claim.configPath,
        stateDir: folder.path,
        port: 18_789,
        startTime: (await readStartTime(process.pid)) ?? null,
      });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    await lock.release();
    expect((await readdir(dirname(paths.state))).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'writes into no folder, and through no link, that somebody else has laid',
    async () => {
      await using folder = await scratch();
      const treasure = join(folder.path, 'treasure');
      await writeFile(treasure, 'mine');
      const claim = { ...claimOf(join(folder.path, 'state')), configPath: join(folder.path, 'open', 'openclaw.json') };
      const { config, state } = await findLockPaths(claim);
      await mkdir(dirname(config), { recursive: true });
      for (const path of [config, state]) {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await symlink(treasure, `${path}.${process.pid}`);
      }
      // As in /tmp, where anybody may make the folder before us.
      await chmod(dirname(dirname(config)), 0o777);
      const lock = await takeGatewayLock(claim);
      expect(await readFile(treasure, 'utf8')).toBe('mine');
      expect((await readdir(dirname(config))).filter((name) => name.endsWith('.sqlite'))).toEqual([]);
      expect(await readLockOwner(state)).toMatchObject({ pid: process.pid });
      await lock.release();
      await chmod(dirname(dirname(config)), 0o755);
      const again = await takeGatewayLock(claim);
      expect(await readLockOwner(config)).toMatchObject({ pid: process.pid });
      expect(await readFile(treasure, 'utf8')).toBe('mine');
      await again.release();
    },
  );

  it('is waited for, not longer than that, and who waits is told for whom', async () => {
    await using folder = await scratch();
    const claim = claimOf(folder.path);
    const first = await takeGatewayLock(claim);
    const told: unknown[] = [];
    const onWait = (owner: unknown) => told.push(owner);
    await expect(takeGatewayLock({ ...claim, withinMs: 60, onWait })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(`^gateway already running \\(pid ${process.pid}\\); lock timeout after 60ms`),
      details: { code: 'STATE_DIR_IN_USE', pid: process.pid },
    });
    expect(told).toEqual([expect.objectContaining({ pid: process.pid })]);
    const waiting = takeGatewayLock({ ...claim, withinMs: 20_000 });
    await first.release();
    const second = await waiting;
    await expect(takeGatewayLock(claim)).rejects.toThrow('gateway already running');
    await second.release();
  });

  it('is not waited for any more when the process is to end', async () => {
    await using folder = await scratch();
    await using _owner = await startOwner(folder.path);
    const ending = new AbortController();
    const onWait = () => ending.abort();
    await expect(
      takeGatewayLock(claimOf(folder.path, { withinMs: 60_000, onWait, signal: ending.signal })),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is free at once when its owner was killed', async () => {
    await using folder = await scratch();
    for (let round = 0; round < 3; round++) {
      await using owner = await startOwner(folder.path);
      await expect(takeGatewayLock(claimOf(folder.path))).rejects.toThrow(`(pid ${owner.pid})`);
      await owner.kill();
      expect((await readLockOwner((await findLockPaths(claimOf(folder.path))).state))?.pid).toBe(owner.pid);
      await (await takeGatewayLock(claimOf(folder.path))).release();
    }
  });

  it('belongs to a process by its pid and its start, and not to a later one with that pid', async () => {
    await using folder = await scratch();
    await using other = sleeper();
    const claim = claimOf(folder.path);
    const { state } = await findLockPaths(claim);
    await mkdir(dirname(state), { recursive: true });
    const startTime = (await readStartTime(other.pid)) ?? null;
    const write = (owner: object) => writeFile(state, JSON.stringify({ pid: other.pid, port: 1, ...owner }));
    if (startTime !== null) {
      await write({ startTime });
      await expect(takeGatewayLock(claim)).rejects.toThrow(`gateway already running (pid ${other.pid})`);
      await write({ startTime: startTime - 1 });
      await (await takeGatewayLock(claim)).release();
    }
    // Where starts cannot be told, the transaction decides, which nobody holds.
    await write({ startTime: null });
    await (await takeGatewayLock(claim)).release();
  });

  it.each(['', '{', 'null', '[]', '{"pid":"x"}', '{"pid":-1,"startTime":1}', '{"pid":2147483647,"startTime":5}'])(
    'is taken where its file says %j',
    async (scribble) => {
      await using folder = await scratch();
      const { state } = await findLockPaths(claimOf(folder.path));
      await mkdir(dirname(state), { recursive: true });
      await writeFile(state, scribble);
      await (await takeGatewayLock(claimOf(folder.path))).release();
    },
  );

  it('keeps two state directories from one configuration, unless they are to share it', async () => {
    await using config = await scratch();
    await using one = await scratch();
    await using two = await scratch();
    const configPath = join(config.path, 'openclaw.json');
    const first = await takeGatewayLock(claimOf(one.path, { configPath }));
    await expect(takeGatewayLock(claimOf(two.path, { configPath }))).rejects.toThrow(
      /gateway already running .*configuration file .*OPENCLAW_ALLOW_MULTI_GATEWAY=1/,
    );
    const second = await takeGatewayLock(claimOf(two.path, { configPath, sharesConfig: true }));
    await expect(takeGatewayLock(claimOf(two.path, { configPath, sharesConfig: true }))).rejects.toThrow('state dir');
    // What could not be had in whole is not kept in part.
    await second.release();
    await first.release();
    await (await takeGatewayLock(claimOf(two.path, { configPath }))).release();
  });

  it('makes no folder for a configuration that is not there, and minds none that cannot be written', async () => {
    await using config = await scratch();
    await using state = await scratch();
    const missing = join(config.path, 'missing', 'openclaw.json');
    await (await takeGatewayLock(claimOf(state.path, { configPath: missing }))).release();
    expect(await readdir(config.path)).toEqual([]);
    await chmod(config.path, 0o500);
    await (await takeGatewayLock(claimOf(state.path, { configPath: join(config.path, 'openclaw.json') }))).release();
    await chmod(config.path, 0o700);
  });
});

describe.skipIf(process.platform !== 'linux')('a process that has ended and is not cleared away', () => {
  it('holds nothing', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await using _parent = disposable(parent);
    const [line] = (await once(parent.stdout as NonNullable<typeof parent.stdout>, 'data')) as [Buffer];
    const pid = Number(String(line));
    await expect.poll(() => isOwnerAlive({ pid, startTime: null })).toBe(false);
  });
});
