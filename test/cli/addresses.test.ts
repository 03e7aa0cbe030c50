import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPortHolders } from '../../cli/local/port-holders.ts';
import { findProgram } from '../needs.ts';
import { createHome, freePort } from './processes.ts';

const lsof = findProgram('lsof', 'the addresses that a gateway listens on');

/** A home with a configuration of its gateway. */
async function homeWith(gateway: object) {
  const home = await createHome();
  await mkdir(home.stateDir);
  const config = { gateway: { mode: 'local', auth: { mode: 'token', token: 'a-token-for-tests-only' }, ...gateway } };
  await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
  return home;
}

describe.concurrent('the port of a gateway', { timeout: 60_000 }, () => {
  it.each([
    ['--port before all', { flag: true, env: true, file: true }, '--port'],
    ['OPENCLAW_GATEWAY_PORT before the file', { flag: false, env: true, file: true }, 'env'],
    ['gateway.port before the default', { flag: false, env: false, file: true }, 'file'],
  ])('is that of %s', async (_name, given, wins) => {
    const [flag, env, file] = [await freePort(), await freePort(), await freePort()];
    await using home = await homeWith(given.file ? { port: file } : {});
    const gateway = home.start(['gateway', ...(given.flag ? ['--port', String(flag)] : [])], {
      env: given.env ? { OPENCLAW_GATEWAY_PORT: String(env) } : {},
    });
    const [, port] = await gateway.sees(/ready on ws:\/\/127\.0\.0\.1:(\d+)/);
    expect(Number(port)).toBe(wins === '--port' ? flag : wins === 'env' ? env : file);
  });

  it.each([
    [['--port', '0'], {}, 2],
    [['--port', '65536'], {}, 2],
    [['--port', 'http'], {}, 2],
    [[], { OPENCLAW_GATEWAY_PORT: 'http' }, 78],
  ])('is none with %j and %j', async (args, env, exitCode) => {
    await using home = await homeWith({});
    const ended = await home.start(['gateway', ...args], { env }).ended;
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining('a whole number from 1 to 65535') });
  });
});

describe.skipIf(!lsof)('the addresses of a gateway', { timeout: 60_000, concurrent: true }, () => {
  it.each([
    ['loopback without a word about it', {}, [], ['127.0.0.1']],
    ['loopback with --bind loopback, whatever the file says', { bind: 'lan' }, ['--bind', 'loopback'], ['127.0.0.1']],
    ['every one with gateway.bind lan', { bind: 'lan' }, [], ['*']],
    ['every one with --bind lan', {}, ['--bind', 'lan'], ['*']],
    ['loopback with auto', { bind: 'auto' }, [], ['127.0.0.1']],
    [
      'its own and loopback with custom',
      { bind: 'custom', customBindHost: '127.0.0.2' },
      [],
      ['127.0.0.1', '127.0.0.2'],
    ],
  ])('are %s', async (_name, config, args, hosts) => {
    await using home = await homeWith(config);
    const port = await freePort();
    const gateway = home.start(['gateway', '--port', String(port), ...args]);
    await gateway.sees(/ready on ws:\/\/127\.0\.0\.1:\d+/);
    const holders = await findPortHolders(port);
    expect(holders?.map(({ address }) => address).sort()).toEqual(hosts.map((host) => `${host}:${port}`));
    expect(holders?.every(({ pid }) => pid === gateway.process.pid)).toBe(true);
  });

  it('cannot be custom without an IPv4 address', async () => {
    await using home = await homeWith({ bind: 'custom' });
    const ended = await home.start(['gateway', '--port', String(await freePort())]).ended;
    expect(ended).toMatchObject({ exitCode: 78, stderr: expect.stringContaining('gateway.customBindHost') });
  });
});

describe('several gateways on one machine', { timeout: 60_000 }, () => {
  it('have their own port, configuration, state and token by profile, and do not see each other', async () => {
    await using home = await createHome();
    const env = { OPENCLAW_STATE_DIR: '' };
    const start = async (profile: string) => {
      const folder = join(home.dir, `.openclaw-${profile}`);
      await mkdir(folder, { mode: 0o700 });
      const port = await freePort();
      await writeFile(join(folder, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', port } }));
      const gateway = home.start(['--profile', profile, 'gateway'], { env });
      await gateway.sees(new RegExp(`ready on ws://127\\.0\\.0\\.1:${port} \\(profile ${profile}\\)`));
      return { ...gateway, folder };
    };
    const [one, two] = [await start('one'), await start('two')];
    const create = ['sessions', 'create', 'agent:main:only-here'];
    expect((await home.run(['--profile', 'one', ...create], { env })).exitCode).toBe(0);
    const list = (profile: string) => home.run(['--profile', profile, 'sessions', 'list', '--json'], { env });
    expect((await list('one')).stdout).toContain('only-here');
    expect((await list('two')).stdout).not.toContain('only-here');
    const token = (folder: string) => readFile(join(folder, 'gateway.token'), 'utf8');
    expect(await token(one.folder)).not.toBe(await token(two.folder));
    one.process.kill('SIGKILL');
    await one.ended;
    expect((await list('two')).exitCode).toBe(0);
    expect((await list('one')).exitCode).toBe(1);
    two.process.kill('SIGTERM');
    expect((await two.ended).exitCode).toBe(0);
  });
});
