import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, startUpstream } from '../upstream.ts';
import { createHome, freePort, type Home } from './processes.ts';

describe('a gateway that may not start', () => {
  let home: Home;
  let configPath: string;
  beforeAll(async () => {
    home = await createHome();
    await mkdir(home.stateDir);
    configPath = join(home.stateDir, 'openclaw.json');
  });
  afterAll(() => home[Symbol.asyncDispose]());

  const start = async (config: string | undefined, ...args: string[]) => {
    if (config !== undefined) await writeFile(configPath, config);
    return home.run(['gateway', ...args]);
  };

  it('is told that there is no configuration', async () => {
    const ended = await start(undefined);
    expect(ended).toMatchObject({ exitCode: 78, stdout: '' });
    expect(ended.stderr).toBe(
      `Missing config. Run openclaw setup or set gateway.mode=local (or pass --allow-unconfigured).\nLooked for ${configPath}.\n`,
    );
  });

  it.each([
    [
      'another mode',
      "{ gateway: { mode: 'remote' } }",
      'Gateway start blocked: set gateway.mode=local (current: remote) or pass --allow-unconfigured.',
    ],
    ['no mode', '{ gateway: { port: 18790 } }', 'Gateway start blocked: existing config is missing gateway.mode.'],
    [
      'another mode before a key that is wrong',
      "{ gateway: { mode: 'remote', nonsense: 1 } }",
      'set gateway.mode=local (current: remote)',
    ],
    ['no mode before a key that is wrong', '{ nonsense: 1 }', 'existing config is missing gateway.mode'],
    ['an unknown key', "{ gateway: { mode: 'local', nonsense: 1 } }", 'nonsense'],
    ['a value of the wrong type', "{ gateway: { mode: 'local', port: 'high' } }", 'gateway.port'],
    ['a file that is no JSON5', '{ gateway: ', 'Invalid config at'],
  ])('is told of %s', async (_name, config, words) => {
    const ended = await start(config);
    expect(ended).toMatchObject({ exitCode: 78, stdout: '' });
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('    at ');
  });

  it('does not listen beyond loopback without authentication', async () => {
    const ended = await start("{ gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }");
    expect(ended.exitCode).toBe(78);
    expect(ended.stderr).toContain('Refusing to bind gateway to lan without auth.');
  });

  it.each([
    [['--port', '99999'], '--port "99999" is no port'],
    [['--bind', 'everywhere'], '--bind "everywhere" is not one of'],
    [['--auth', 'tokn'], 'did you mean token?'],
    [['--prot', '1'], 'unknown flag --prot; did you mean --port?'],
    [['--password', 'a', '--password-file', 'b'], 'leave one out'],
    [['--profile', '../x'], 'is no profile name'],
  ])('is told that %j is no command line', async (args, words) => {
    const ended = await start("{ gateway: { mode: 'local' } }", ...args);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(words);
  });

  it('is told of a password file that is not there', async () => {
    const ended = await start("{ gateway: { mode: 'local' } }", '--password-file', join(home.dir, 'none'));
    expect(ended.exitCode).toBe(78);
    expect(ended.stderr).toContain('cannot be read (ENOENT)');
  });
});

describe('a gateway that runs', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it.each(['SIGTERM', 'SIGINT'] as const)('says how to go on, and stops on %s with exit code 0', async (signal) => {
    const gateway = await home.gateway();
    expect(gateway.stdout()).toContain(`ready on ${gateway.url}`);
    expect(gateway.stdout()).toMatch(/model +builtin\/guide \(.+\)/);
    expect(gateway.stdout()).toContain(join(home.stateDir, 'gateway.token'));
    expect((await home.run(['health'])).exitCode).toBe(0);
    gateway.process.kill(signal);
    expect(await gateway.ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  });

  it('keeps its token to itself and writes no configuration', async () => {
    const { mode } = await stat(join(home.stateDir, 'gateway.token'));
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(home.stateDir)).not.toContain('openclaw.json');
  });

  it('tells the second one on its port who is there', { timeout: 60_000 }, async () => {
    const first = await home.gateway();
    const second = await home.run(['gateway', '--allow-unconfigured', '--port', String(first.port)], {
      env: { OPENCLAW_STATE_DIR: join(home.dir, 'other') },
    });
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain(`another gateway instance is already listening on ws://127.0.0.1:${first.port}`);
    expect(second.stderr).toContain(`\nPort ${first.port} is already in use.\n`);
    first.process.kill('SIGTERM');
    await first.ended;
  });

  it('takes a signal that arrives twice at once, as from npm, for one', async () => {
    const gateway = await home.gateway();
    gateway.process.kill('SIGINT');
    gateway.process.kill('SIGINT');
    expect((await gateway.ended).exitCode).toBe(0);
  });

  it('takes password and port from the command line, and the secret from a file', async () => {
    const path = join(home.dir, 'password');
    await writeFile(path, 'correct horse\n');
    const gateway = await home.gateway(['--password-file', path]);
    expect((await home.run(['health', '--url', gateway.url, '--password', 'correct horse'])).exitCode).toBe(0);
    const wrong = await home.run(['health', '--url', gateway.url, '--password', 'wrong']);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain('unauthorized');
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('keeps profiles apart', async () => {
    const env = { OPENCLAW_STATE_DIR: '' };
    const port = await freePort();
    const gateway = home.start(['--profile', 'work', 'gateway', '--allow-unconfigured', '--port', String(port)], {
      env,
    });
    await gateway.sees(/Try next/);
    expect(gateway.stdout()).toContain('openclaw --profile work status');
    expect((await home.run(['health', '--profile', 'work'], { env })).exitCode).toBe(0);
    expect(await readdir(join(home.dir, '.openclaw-work'))).toContain('gateway.token');
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });
});

describe('a gateway with work to do', () => {
  it('waits for it on the first signal, and ends at once on the second', async () => {
    await using upstream = await startUpstream(begin('so far', () => new Promise(() => {})));
    await using home = await createHome();
    await mkdir(home.stateDir);
    const provider = { baseUrl: `${upstream.url}/v1`, api: 'openai-completions', apiKey: 'k', models: [{ id: 'up' }] };
    const config = { agents: { defaults: { model: 'local/up' } }, models: { providers: { local: provider } } };
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
    const gateway = await home.gateway();
    const agent = home.start(['agent', '--message', 'Hello']);
    await agent.sees(/so far/);
    gateway.process.kill('SIGTERM');
    await gateway.sees(/stopping/);
    expect(gateway.process.exitCode).toBe(null);
    // What comes within a quarter of a second counts as the echo of the first.
    const again = setInterval(() => gateway.process.kill('SIGTERM'), 50);
    const ended = await gateway.ended;
    clearInterval(again);
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Stopped at once') });
    const next = await home.gateway();
    expect(await agent.ended).toMatchObject({ exitCode: 1, stdout: 'so far\n' });
    expect(agent.stderr()).toMatch(/The connection was lost.*interrupted/s);
    expect((await home.run(['chat', 'history', 'main'])).stdout).toContain('Hello');
    next.process.kill('SIGTERM');
    expect((await next.ended).exitCode).toBe(0);
  });
});
