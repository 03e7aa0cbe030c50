import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGatewayHere } from '../../../cli/local/gateway-here.ts';
import { findLogFile } from '../../../cli/local/log-file.ts';
import { isMisuse } from '../../../cli/misuse.ts';
import { nameOfDay } from '../../../server/log/log-folder.ts';
import { scratch } from '../../scratch.ts';
import { shellWith } from '../shell.ts';

describe('what is known of the gateway here', () => {
  it('is what the defaults say on an empty machine, and nothing is made', async () => {
    await using home = await scratch();
    const here = await readGatewayHere(shellWith({ HOME: home.path }));
    expect(here).toMatchObject({
      profile: undefined,
      paths: { stateDir: join(home.path, '.openclaw') },
      config: { path: join(home.path, '.openclaw', 'openclaw.json'), exists: false, valid: true, issues: [] },
      bind: 'loopback',
      hosts: ['127.0.0.1'],
      port: 18_789,
      portSource: 'default',
      auth: { mode: 'token', source: 'gateway.token' },
      faults: [],
      url: 'ws://127.0.0.1:18789',
      runtime: undefined,
    });
    expect(await readdir(home.path)).toEqual([]);
  });

  it('has its profile, its port and its log', async () => {
    await using home = await scratch();
    const dev = await readGatewayHere(shellWith({ HOME: home.path }, { dev: true }));
    expect(dev).toMatchObject({ profile: 'dev', port: 19_001, url: 'ws://127.0.0.1:19001' });
    expect(dev.logFile).toMatch(/openclaw-dev-\d{4}-\d\d-\d\d\.log$/);
    const named = await readGatewayHere(shellWith({ HOME: home.path, OPENCLAW_PROFILE: 'work' }));
    expect(named).toMatchObject({ profile: 'work', paths: { stateDir: join(home.path, '.openclaw-work') } });
    const wrong = await readGatewayHere(shellWith({ HOME: home.path, OPENCLAW_PROFILE: '../x' })).catch((e) => e);
    expect(isMisuse(wrong)).toBe(true);
  });

  it('follows a valid file, and leaves references to secrets alone', async () => {
    await using home = await stateWith(`{
      gateway: { mode: 'local', port: 19100, bind: 'lan', auth: { token: { source: 'env', provider: 'default', id: 'NOT_SET' } } },
      logging: { file: '/somewhere/gateway.log' },
    }`);
    expect(await readGatewayHere(shellWith(home.env))).toMatchObject({
      config: { exists: true, valid: true, mode: 'local', issues: [] },
      bind: 'lan',
      hosts: ['0.0.0.0'],
      port: 19_100,
      portSource: 'gateway.port',
      auth: { mode: 'token', source: 'gateway.auth.token' },
      url: 'ws://127.0.0.1:19100',
      logFile: '/somewhere/gateway.log',
    });
    expect(await readGatewayHere(shellWith({ ...home.env, OPENCLAW_GATEWAY_PORT: '19200' }))).toMatchObject({
      port: 19_200,
      portSource: 'OPENCLAW_GATEWAY_PORT',
    });
  });

  it.each([
    ['an unknown key', "{ gateway: { mode: 'local', port: 19100, nonsense: 1 } }", 'gateway.nonsense'],
    ['a broken end', "{ gateway: { mode: 'local', port: 19100", ''],
  ])('tells what is wrong with %s, and what it says all the same', async (_, text, path) => {
    await using home = await stateWith(text);
    const { config, port } = await readGatewayHere(shellWith(home.env));
    expect(config).toMatchObject({ exists: true, valid: false, mode: 'local', issues: [{ path, line: 1 }] });
    expect(config.fault).toContain(`Invalid config at ${config.path}`);
    expect(port).toBe(19_100);
  });

  it('tells what would keep a gateway with a valid file from starting', async () => {
    await using home = await stateWith(
      "{ gateway: { mode: 'local', bind: 'lan', port: 19100, auth: { mode: 'none' } } }",
    );
    const here = await readGatewayHere(shellWith(home.env));
    expect(here).toMatchObject({ config: { valid: true }, bind: 'lan', port: 19_100, portSource: 'gateway.port' });
    expect(here.faults).toEqual([expect.stringMatching(/Refusing to bind gateway/)]);
  });

  it('believes the file of a gateway whose process lives, and no other', async () => {
    await using home = await stateWith("{ gateway: { mode: 'local', port: 19100 } }");
    const runtime = join(home.stateDir, 'gateway.json');
    await writeFile(runtime, JSON.stringify({ url: 'ws://127.0.0.1:19300', pid: process.pid, token: 't' }));
    expect(await readGatewayHere(shellWith(home.env))).toMatchObject({
      url: 'ws://127.0.0.1:19300',
      port: 19_100,
      runtime: { pid: process.pid, alive: true, credentials: { token: 't' } },
    });
    const deadPid = 2 ** 30;
    await writeFile(runtime, JSON.stringify({ url: 'ws://127.0.0.1:19300', pid: deadPid }));
    expect(await readGatewayHere(shellWith(home.env))).toMatchObject({
      url: 'ws://127.0.0.1:19100',
      runtime: { pid: deadPid, alive: false },
    });
    await writeFile(runtime, '{ half');
    expect((await readGatewayHere(shellWith(home.env))).runtime).toBeUndefined();
  });
});

describe('the log file of a gateway here', () => {
  it.skipIf(process.platform === 'win32')('is in the folder that the gateway would take', async () => {
    await using folder = await scratch();
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder.path;
    try {
      const name = nameOfDay(new Date(), 'work');
      expect(tmpdir()).toBe(folder.path);
      expect(await findLogFile(undefined, 'work')).toBe(join(folder.path, 'openclaw', name));
      await symlink('/', join(folder.path, 'openclaw'));
      expect(await findLogFile(undefined, 'work')).toBe(join(folder.path, `openclaw-${process.getuid?.()}`, name));
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});

async function stateWith(config: string) {
  const home = await scratch();
  const stateDir = join(home.path, 'state');
  await mkdir(stateDir);
  await writeFile(join(stateDir, 'openclaw.json'), config);
  return { ...home, stateDir, env: { HOME: home.path, OPENCLAW_STATE_DIR: stateDir } };
}
