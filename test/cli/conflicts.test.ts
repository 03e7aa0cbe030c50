import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../needs.ts';
import { createHome, freePort, type Home } from './processes.ts';

const lsof = findProgram('lsof', 'who holds the port of a gateway');

/** Somebody on a port, who answers nothing. */
async function occupy() {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const leave = async () => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return { port, leave, [Symbol.asyncDispose]: leave };
}

const locksOf = async ({ stateDir }: Home) =>
  (await readdir(join(stateDir, 'tmp'), { recursive: true })).filter((name) => name.endsWith('.lock'));
const start = (home: Home, port: number, env: NodeJS.ProcessEnv = {}) =>
  home.start(['gateway', '--allow-unconfigured', '--port', String(port)], { env });

describe.concurrent('a port that is in use', { timeout: 90_000 }, () => {
  it.skipIf(!lsof)('is told with who holds it, and exit code 1', async () => {
    await using home = await createHome();
    await using holder = await occupy();
    const ended = await start(home, holder.port).ended;
    expect(ended.exitCode).toBe(1);
    const lines = ended.stderr.trim().split('\n');
    expect(lines[0]).toBe(
      `another gateway instance is already listening on ws://127.0.0.1:${holder.port} | listen EADDRINUSE: address already in use 127.0.0.1:${holder.port}`,
    );
    expect(lines[1]).toBe(`Port ${holder.port} is already in use.`);
    expect(lines[2]).toMatch(new RegExp(`^- pid ${process.pid} \\S+: \\S.* \\(127\\.0\\.0\\.1:${holder.port}\\)$`));
    expect(lines[3]).toContain('--force');
    expect(await locksOf(home)).toEqual([]);
  });

  it.skipIf(!lsof || process.platform !== 'linux')('names a gateway that holds it as one, in full', async () => {
    await using home = await createHome();
    await using other = await createHome();
    const first = await other.gateway(['--profile', 'work', '--token', 'nobody-sees-this-one']);
    const { pid } = first.process;
    const { stderr } = await start(home, first.port).ended;
    expect(stderr).toMatch(
      new RegExp(`^- pid ${pid} \\S+: openclaw-gateway-work \\(127\\.0\\.0\\.1:${first.port}\\)$`, 'm'),
    );
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('nobody-sees');
    first.process.kill('SIGTERM');
    expect((await first.ended).exitCode).toBe(0);
  });

  it('is told also where nothing can tell who holds it', async () => {
    await using home = await createHome();
    await using holder = await occupy();
    const ended = await start(home, holder.port, { PATH: home.dir }).ended;
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(`Port ${holder.port} is already in use.\nWho holds it cannot be told without`);
  });

  it('is taken when it becomes free within ten seconds', async () => {
    await using home = await createHome();
    await using holder = await occupy();
    const gateway = start(home, holder.port);
    await gateway.sees(/port \d+ is in use, trying for 10 s/);
    await holder.leave();
    await gateway.sees(/Try next/);
    gateway.process.kill('SIGTERM');
    expect((await gateway.ended).exitCode).toBe(0);
  });

  it('is not waited for any more after SIGTERM, which ends the start with exit code 0', async () => {
    await using home = await createHome();
    await using holder = await occupy();
    const gateway = start(home, holder.port);
    await gateway.sees(/port \d+ is in use/);
    gateway.process.kill('SIGTERM');
    expect(await gateway.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is not waited for in vain by a second starter of a supervisor: 1 where nobody is well, 78 where a gateway is', async () => {
    await using home = await createHome();
    await using holder = await occupy();
    const vain = start(home, holder.port, { INVOCATION_ID: 'a'.repeat(32) });
    await using other = await createHome();
    const first = await other.gateway();
    await using third = await createHome();
    const second = start(third, first.port, { OPENCLAW_SYSTEMD_UNIT: 'openclaw-gateway.service' });
    expect(await second.ended).toMatchObject({
      exitCode: 78,
      stderr: `A healthy gateway already answers on port ${first.port}, and stays in control: this one ends.\n`,
    });
    expect((await vain.ended).exitCode).toBe(1);
  });
});

describe.concurrent('a state directory that is in use', { timeout: 90_000 }, () => {
  it('is told with the pid of its gateway, after five seconds', async () => {
    await using home = await createHome();
    const first = await home.gateway();
    const second = await start(home, await freePort()).ended;
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain(`gateway already running (pid ${first.process.pid}); lock timeout after 5000ms`);
    expect((await home.run(['health'])).exitCode).toBe(0);
  });

  it('ends the second starter of a supervisor with 78', async () => {
    await using home = await createHome();
    const first = await home.gateway();
    const second = await start(home, first.port, { INVOCATION_ID: 'b'.repeat(32) }).ended;
    expect(second).toMatchObject({ exitCode: 78, stderr: expect.stringContaining(`port ${first.port}`) });
  });

  it('is free at once after kill -9, and after a stop', async () => {
    await using home = await createHome();
    const first = await home.gateway();
    const [lock = ''] = await locksOf(home);
    const owner = JSON.parse(await readFile(join(home.stateDir, 'tmp', lock), 'utf8'));
    expect(owner).toMatchObject({ pid: first.process.pid, port: first.port, stateDir: home.stateDir });
    first.process.kill('SIGKILL');
    await first.ended;
    const second = start(home, first.port);
    await second.sees(/Try next/);
    expect(second.stdout()).not.toContain('waiting for');
    second.process.kill('SIGTERM');
    await second.ended;
    expect(await locksOf(home)).toEqual([]);
  });
});

describe('one configuration for two state directories', { timeout: 90_000 }, () => {
  it('is refused, unless OPENCLAW_ALLOW_MULTI_GATEWAY=1 says that it is meant', async () => {
    await using home = await createHome();
    const configPath = join(home.dir, 'shared.json');
    await writeFile(configPath, "{ gateway: { mode: 'local' } }");
    const other = join(home.dir, 'other');
    await mkdir(other);
    await home.gateway([], { env: { OPENCLAW_CONFIG_PATH: configPath } });
    const env = { OPENCLAW_CONFIG_PATH: configPath, OPENCLAW_STATE_DIR: other };
    const refused = await start(home, await freePort(), env).ended;
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/gateway already running .*configuration file .*OPENCLAW_ALLOW_MULTI_GATEWAY=1/);
    const allowed = start(home, await freePort(), { ...env, OPENCLAW_ALLOW_MULTI_GATEWAY: '1' });
    await allowed.sees(/Try next/);
    const more = await start(home, await freePort(), { ...env, OPENCLAW_ALLOW_MULTI_GATEWAY: '1' }).ended;
    expect(more).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`state directory ${other}`) });
  });
});
