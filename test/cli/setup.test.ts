import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { take } from '../clients/fixture.ts';
import { findProgram } from '../needs.ts';
import { startUpstream } from '../upstream.ts';
import { createHome, freePort, type Home, launcher } from './processes.ts';
import { readTree } from './tree.ts';

const script = findProgram('script', 'setup on a real terminal');
const key = 'sk-test-0123456789abcdef';

/** A home with a model server that answers, and its key in the environment; its gateway is stopped at the end. */
async function openHome() {
  const home = await createHome();
  const upstream = await startUpstream(take({ text: ['Hello from', ' the agent.'] }));
  const port = await freePort();
  const keys = { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${upstream.url}/v1` };
  const configPath = join(home.stateDir, 'openclaw.json');
  const setUp = (...args: string[]) => home.run(['setup', ...args], { env: keys });
  return {
    ...home,
    keys,
    port,
    configPath,
    upstream,
    setUp,
    readConfig: () => readFile(configPath, 'utf8'),
    async [Symbol.asyncDispose]() {
      await home.run(['gateway', 'stop']);
      await upstream[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

const tokenIn = (text: string) => /token: '([\w-]+)'/.exec(text)?.[1] ?? 'no token';

describe('openclaw setup', () => {
  it('without a terminal ends with 1, and says what to pass', async () => {
    await using home = await openHome();
    const before = await readTree(home.dir);
    const { exitCode, stdout, stderr } = await home.setUp();
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/--non-interactive.*--baseline/s);
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('leads from an empty machine to an answer, and shows no secret', { timeout: 60_000 }, async () => {
    await using home = await openHome();
    const { exitCode, stdout, stderr } = await home.setUp(
      '--non-interactive',
      '--port',
      String(home.port),
      '--keep-keys',
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('Hello from the agent.');
    expect(stdout).toContain('openai/');
    const text = await home.readConfig();
    const token = tokenIn(text);
    expect(token).toHaveLength(43);
    for (const secret of [token, key]) expect(stdout + stderr).not.toContain(secret);
    expect(text).toContain("mode: 'local'");
    expect(text).toContain(`port: ${home.port}`);
    expect(text.match(/\/\/ \w/g)?.length).toBeGreaterThan(5);
    expect((await stat(home.configPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home.stateDir, '.env'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(home.stateDir, '.env'), 'utf8')).toContain(`OPENAI_API_KEY="${key}"`);
    expect(home.upstream.requests.some(({ headers }) => headers.authorization === `Bearer ${key}`)).toBe(true);
    const later = await home.run(['agent', '--message', 'Hello again']);
    expect(later).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Hello from the agent.') });
    expect(await home.run(['doctor', '--lint'])).toMatchObject({ exitCode: 0 });
  });

  it('runs twice: the second time everything is there already', { timeout: 60_000 }, async () => {
    await using home = await openHome();
    const port = ['--port', String(home.port)];
    const first = await home.setUp('--non-interactive', '--json', ...port);
    expect(JSON.parse(first.stdout)).toMatchObject({
      schemaVersion: 1,
      ok: true,
      config: { path: home.configPath, how: 'created', added: expect.arrayContaining(['gateway.auth.token']) },
      model: { reference: expect.stringMatching(/^openai\//) },
      keysFile: null,
      gateway: { how: 'detached', url: `ws://127.0.0.1:${home.port}` },
      firstWords: { ok: true, reply: 'Hello from the agent.' },
    });
    const text = await home.readConfig();
    const second = await home.setUp('--non-interactive', '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({
      ok: true,
      config: { how: 'unchanged', added: [] },
      gateway: { how: 'running' },
    });
    expect(await home.readConfig()).toBe(text);
    expect(first.stdout + second.stdout + first.stderr + second.stderr).not.toContain(tokenIn(text));
  });

  it('--baseline writes the configuration and the folders, and starts nothing', async () => {
    await using home = await openHome();
    const { exitCode, stdout } = await home.setUp('--baseline', '--json', '--port', String(home.port));
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, gateway: null, firstWords: null });
    expect((await readdir(home.stateDir)).sort()).toEqual(['openclaw.json', 'workspace']);
    expect(home.upstream.requests).toEqual([]);
  });

  it('adds to a configuration what is missing, and keeps the rest with its comments', async () => {
    await using home = await openHome();
    await mkdir(home.stateDir, { mode: 0o700 });
    const own = `// by hand\n{\n  gateway: { port: ${home.port} }, // mine\n}\n`;
    await writeFile(home.configPath, own, { mode: 0o600 });
    const { stdout } = await home.setUp('--baseline', '--json');
    expect(JSON.parse(stdout).config).toEqual({
      path: home.configPath,
      how: 'edited',
      added: ['gateway.mode', 'gateway.auth.token', 'agents.defaults.model'],
    });
    const text = await home.readConfig();
    expect(text).toContain('// by hand');
    expect(text).toContain('// mine');
    expect(await readFile(`${home.configPath}.bak`, 'utf8')).toBe(own);
    const chosen = await home.setUp('--baseline', '--json', '--model', 'ollama/other');
    expect(JSON.parse(chosen.stdout).config).toMatchObject({ how: 'unchanged' });
    expect(await home.readConfig()).toBe(text);
  });

  it.each([
    ['is broken', '{ gateway: { mode: ', /doctor --fix/],
    [
      'is about a gateway elsewhere',
      '{ gateway: { mode: "remote", remote: { url: "ws://127.0.0.1:1" } } }',
      /--profile/,
    ],
  ])('leaves a configuration that %s alone', async (_, config, words) => {
    await using home = await openHome();
    await mkdir(home.stateDir, { mode: 0o700 });
    await writeFile(home.configPath, config, { mode: 0o600 });
    const { exitCode, stderr } = await home.setUp('--non-interactive');
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(words);
    expect(await home.readConfig()).toBe(config);
  });

  it('says when the agent does not answer, and ends with 1', { timeout: 60_000 }, async () => {
    await using home = await openHome();
    home.upstream.answer((_, res) => void res.writeHead(401).end('{"error":{"message":"no such key"}}'));
    const { exitCode, stdout } = await home.setUp('--non-interactive', '--port', String(home.port));
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/The agent did not answer: .+/);
    expect(stdout).not.toContain(key);
  });

  it('with --dev takes the port and the folder of that profile', async () => {
    await using home = await createHome();
    const env = { OPENCLAW_STATE_DIR: '' };
    const { exitCode, stdout } = await home.run(['--dev', 'setup', '--baseline', '--json'], { env });
    expect(exitCode).toBe(0);
    const { path } = JSON.parse(stdout).config as { path: string };
    expect(path).toBe(join(home.dir, '.openclaw-dev', 'openclaw.json'));
    // The next free one from 19001 on.
    expect(await readFile(path, 'utf8')).toMatch(/port: 190[0-2]\d/);
  });

  it.each([[['--model', 'nothing']], [['--port', '99999']], [['--url', 'ws://127.0.0.1:1']]])(
    'refuses %j',
    async (flags) => {
      await using home = await openHome();
      expect((await home.setUp('--baseline', ...flags)).exitCode).toBe(2);
      expect(await readdir(home.dir)).not.toContain('state');
    },
  );
});

describe.skipIf(!script)('openclaw setup on a terminal', () => {
  /** Runs it as a person would, and types what `replies` say when their question has come. */
  function type(home: Home, keys: NodeJS.ProcessEnv, args: string, replies: [RegExp, string][]) {
    const child = spawn(
      script ?? '',
      ['-q', '-e', '-c', `stty cols 120 rows 40; exec "$SETUP_NODE" "$SETUP_LAUNCHER" setup ${args}`, '/dev/null'],
      {
        env: {
          ...home.env,
          ...keys,
          SETUP_NODE: process.execPath,
          SETUP_LAUNCHER: launcher,
          TERM: 'xterm',
          SHELL: '/bin/sh',
        },
        cwd: home.dir,
      },
    );
    let seen = '';
    let from = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const [next] = replies;
      if (!next?.[0].test(stripVTControlCharacters(seen.slice(from)))) return;
      from = seen.length;
      replies.shift();
      child.stdin.write(next[1]);
    });
    return new Promise<{ exitCode: number | null; screen: string }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve({ exitCode, screen: stripVTControlCharacters(seen) }));
    });
  }

  it('asks for the model and the key, and ends with a reply', { timeout: 60_000 }, async () => {
    await using home = await openHome();
    const { exitCode, screen } = await type(home, home.keys, `--port ${home.port}`, [
      [/Which model answers\?[\s\S]*openai/, '\r'],
      [/Keep OPENAI_API_KEY/, 'y'],
    ]);
    expect(screen).toContain('Hello from the agent.');
    expect(exitCode).toBe(0);
    for (const secret of [key, tokenIn(await home.readConfig())]) expect(screen).not.toContain(secret);
    expect(await readFile(join(home.stateDir, '.env'), 'utf8')).toContain('OPENAI_API_KEY');
  });

  it('changes nothing when one leaves', { timeout: 60_000 }, async () => {
    await using home = await openHome();
    const { exitCode, screen } = await type(home, home.keys, '', [[/Which model answers\?[\s\S]*openai/, '\u0003']]);
    expect(exitCode).toBe(1);
    expect(screen).toContain('Nothing was changed.');
    expect(await readdir(home.dir)).not.toContain('state');
  });
});
