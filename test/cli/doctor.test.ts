import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { checks } from '../../cli/doctor/registry.ts';
import { findProgram } from '../needs.ts';
import { createHome, freePort, type Home, launcher } from './processes.ts';
import { readTree } from './tree.ts';

const script = findProgram('script', 'doctor on a real terminal');
const secret = 'sk-live-0123456789abcdef';

async function homeWith(config: string | object | undefined): Promise<Home & { configPath: string }> {
  const home = await createHome();
  const configPath = join(home.stateDir, 'openclaw.json');
  if (config !== undefined) {
    await mkdir(home.stateDir, { mode: 0o700 });
    await writeFile(configPath, typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o600 });
  }
  return { ...home, configPath };
}

const sound = async () => ({ gateway: { mode: 'local', port: await freePort() } });

interface Report {
  schemaVersion: number;
  ok: boolean;
  checksRun: number;
  checksSkipped: number;
  findings: { checkId: string; severity: string; message: string; path?: string; evidence?: string; fix?: string }[];
  changes?: { done: string[]; failed: string[]; diff: string; kept?: string; proposed?: string[] };
}

async function lookAt(home: Home, ...args: string[]): Promise<Report> {
  const { stdout, stderr } = await home.run(['doctor', '--json', ...args]);
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`no JSON: ${stdout}\n${stderr}`);
  }
}

const broken = `{
  // chosen by Ada
  nonsense: '${secret}',
  gateway: { mode: 'local', port: '18999', auth: { token: 'a-long-and-random-token', nope: 1 } }, // keep this
  session: { idleMinutes: 5 },
  models: { providers: { x: { baseUrl: 'http://127.0.0.1:9', api: 'ollama', apiKey: '${secret}', models: [{ id: 'a' }] } } },
}
`;

describe('the checks', () => {
  it('have numbers and ids of their own, in order', () => {
    const numbers = checks.map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    for (const { id, title } of checks) {
      expect(id).toMatch(/^core\/doctor\/[a-z-]+$/);
      expect(title).toMatch(/\S/);
    }
  });
});

describe('openclaw doctor', () => {
  it.each([
    ['without a configuration', undefined],
    ['with one that is broken', broken],
    ['with one that is no JSON5', '{ gateway: { mode: '],
    ['with an object that is none', '[]'],
    ['with an empty file', ''],
  ])('looks %s, tells, and changes nothing', async (_, config) => {
    await using home = await homeWith(config);
    const before = await readTree(home.dir);
    for (const flags of [[], ['--json'], ['--lint'], ['--non-interactive'], ['--yes']]) {
      const { stdout, exitCode, stderr } = await home.run(['doctor', ...flags]);
      expect(stderr).toBe('');
      if (flags[0] === '--lint') expect(exitCode).toBe(1);
      else expect(exitCode).toBe(0);
      if (flags[0] === '--json') expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, ok: false });
      else if (flags[0] !== '--lint') expect(stdout).toMatch(/\nDoctor complete\.\n$/);
      expect(stdout).not.toContain(secret);
    }
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('says what each finding was seen by, and what to do', async () => {
    await using home = await homeWith(broken);
    // The port of the file is none, and whoever runs the tests may have a gateway on the usual one.
    const env = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const { findings, ...report } = JSON.parse((await home.run(['doctor', '--json'], { env })).stdout) as Report;
    expect(report).toEqual({ schemaVersion: 1, ok: false, checksRun: checks.length, checksSkipped: 0 });
    expect(findings).toContainEqual({
      checkId: 'core/doctor/config-file',
      severity: 'error',
      message: expect.stringMatching(/^nonsense: unrecognized key/),
      evidence: `${home.configPath}:3:3`,
      path: 'nonsense',
      requirement: expect.any(String),
      fixHint: expect.stringContaining('doctor --fix'),
      fix: 'nonsense: removes it',
    });
    expect(findings.map(({ checkId, path }) => `${checkId.slice(12)} ${path}`)).toEqual([
      'config-file nonsense',
      'config-file gateway.port',
      'config-file gateway.auth.nope',
      'legacy-config session.idleMinutes',
      'plaintext-secrets models.providers.x.apiKey',
    ]);
  });

  it('names line and column where the file is no JSON5', async () => {
    await using home = await homeWith('{\n  gateway: { mode: "local" \n  agents: {} }\n');
    const { findings } = await lookAt(home);
    expect(findings[0]).toMatchObject({
      checkId: 'core/doctor/config-file',
      evidence: `${home.configPath}:3:3`,
      message: expect.stringContaining('not valid JSON5'),
    });
  });

  it('finds nothing in a sound home, and --lint ends with 0', async () => {
    await using home = await homeWith(await sound());
    expect(await lookAt(home)).toMatchObject({ ok: true, findings: [] });
    const lint = await home.run(['doctor', '--lint']);
    expect(lint).toMatchObject({ exitCode: 0, stdout: `doctor --lint: ran ${checks.length} check(s), 0 finding(s)\n` });
  });

  it('runs the checks that are named, by id or number', async () => {
    await using home = await homeWith(broken);
    expect(await lookAt(home, '--only', '1', '--only', 'gateway-config')).toMatchObject({
      checksRun: 2,
      checksSkipped: checks.length - 2,
    });
    const { findings } = await lookAt(home, '--skip', 'core/doctor/config-file');
    expect(findings.map(({ checkId }) => checkId)).not.toContain('core/doctor/config-file');
    const unknown = await home.run(['doctor', '--only', 'weather']);
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no check "weather"') });
  });

  it('refuses flags that contradict each other', async () => {
    await using home = await homeWith(broken);
    expect(await home.run(['doctor', '--lint', '--fix'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await home.run(['doctor', '--severity-min', 'loud'])).toMatchObject({ exitCode: 2 });
  });

  it('sees a gateway that runs, and one that refuses the credential', async () => {
    // Written before it starts: it would take an edit, and be away for the moment of a restart.
    await using home = await homeWith(await sound());
    await home.start(['gateway']).sees(/Try next/);
    expect(await lookAt(home, '--severity-min', 'info')).toMatchObject({ findings: [] });
    const { stdout } = await home.run(['doctor', '--json'], { env: { OPENCLAW_GATEWAY_TOKEN: secret } });
    expect(stdout).not.toContain(secret);
    expect((JSON.parse(stdout) as Report).findings).toContainEqual(
      expect.objectContaining({
        checkId: 'core/doctor/gateway-reachable',
        severity: 'error',
        evidence: expect.stringContaining('AUTH_'),
        fixHint: expect.stringContaining('auth explain'),
      }),
    );
  });

  it('says who has the port', async () => {
    const stranger = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as { port: number };
    await using home = await homeWith({ gateway: { mode: 'local', port } });
    const { findings } = await lookAt(home, '--only', 'port');
    stranger.close();
    const [found] = findings;
    // Without a tool that could tell, nothing is claimed.
    if (found)
      expect(found).toMatchObject({ severity: 'error', evidence: expect.stringContaining(`pid ${process.pid}`) });
  });

  it('sees what a killed gateway left', async () => {
    await using home = await homeWith(await sound());
    const gateway = await home.gateway();
    gateway.process.kill('SIGKILL');
    await gateway.ended;
    const before = await readTree(home.dir);
    const { findings } = await lookAt(home, '--severity-min', 'info');
    expect(findings).toContainEqual(expect.objectContaining({ checkId: 'core/doctor/stale-locks', severity: 'info' }));
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('sees conversations that nobody can read, and those of agents that are gone', async () => {
    await using home = await homeWith({ ...(await sound()), agents: { entries: { ada: {} } } });
    const gateway = await home.gateway();
    await home.run(['sessions', 'create', 'agent:ada:novel']);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
    expect(await lookAt(home, '--only', 'sessions')).toMatchObject({ ok: true });
    await writeFile(home.configPath, JSON.stringify({ ...(await sound()), agents: { entries: { bob: {} } } }));
    expect((await lookAt(home, '--only', 'sessions')).findings).toEqual([
      expect.objectContaining({ severity: 'warning', path: 'agents.entries.ada' }),
    ]);
    await writeFile(join(home.stateDir, 'openclaw.db'), 'this is no database at all, only some words');
    expect((await lookAt(home, '--only', 'sessions')).findings).toEqual([
      expect.objectContaining({ severity: 'error', path: join(home.stateDir, 'openclaw.db') }),
    ]);
  });

  it.each([
    ['gateway-start', { gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }, 'error'],
    ['gateway-auth', { gateway: { mode: 'local', auth: { mode: 'none' } } }, 'warning'],
    ['gateway-auth', { gateway: { mode: 'local', auth: { token: 'short' } } }, 'warning'],
    ['gateway-config', { gateway: { port: 18999 } }, 'error'],
    ['gateway-config', { gateway: { mode: 'remote' } }, 'error'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration.
    ['config-values', { gateway: { mode: 'local' }, agents: { defaults: { workspace: '${NOWHERE}' } } }, 'warning'],
    [
      'secrets',
      { gateway: { mode: 'local', auth: { token: { source: 'env', provider: 'default', id: 'NOWHERE' } } } },
      'error',
    ],
  ])('%s finds its fault in %j', async (name, config, severity) => {
    await using home = await homeWith(config);
    const { findings } = await lookAt(home, '--only', name);
    expect(findings).toEqual([expect.objectContaining({ checkId: `core/doctor/${name}`, severity })]);
  });
});

describe('openclaw doctor --fix', () => {
  it('off a terminal shows what it would do, and does nothing without --yes', async () => {
    await using home = await homeWith(broken);
    const before = await readTree(home.dir);
    const { exitCode, stdout, stderr } = await home.run(['doctor', '--fix']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('This is what --fix would do:');
    expect(stdout).toMatch(/^-.*nonsense/m);
    expect(stdout).toMatch(/^\+.*port: 18999/m);
    expect(stderr).toContain('--yes');
    const asked = await lookAt(home, '--fix');
    expect(asked.changes).toMatchObject({ done: [], proposed: expect.arrayContaining(['nonsense: removes it']) });
    expect(await readTree(home.dir)).toEqual(before);
  });

  it.each(['--yes', '--non-interactive'])('mends with %s, keeps comments, and the broken file', async (yes) => {
    await using home = await homeWith(broken);
    const { exitCode, stdout, stderr } = await home.run(['doctor', '--fix', yes]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toContain(secret);
    expect(stdout).not.toContain('a-long-and-random-token');
    expect(stdout).toMatch(/Doctor complete\.\n$/);
    const text = await readFile(home.configPath, 'utf8');
    expect(text).toContain('// chosen by Ada');
    expect(text).toContain('// keep this');
    expect(text).not.toContain('nonsense');
    expect(text).toContain('port: 18999');
    expect(text).toMatch(/reset: ?\{ ?idleMinutes: ?5 ?\}/);
    const [kept = '', ...others] = (await readdir(home.stateDir)).filter((name) => name !== 'openclaw.json');
    expect(kept).toMatch(/^openclaw\.json\.clobbered\./);
    expect(others).toEqual([]);
    expect(await readFile(join(home.stateDir, kept), 'utf8')).toBe(broken);
    expect((await stat(join(home.stateDir, kept))).mode & 0o777).toBe(0o600);
    expect((await lookAt(home, '--only', '1', '--only', '2')).findings).toEqual([]);
  });

  it('keeps a file that was valid as .bak, five deep', async () => {
    await using home = await homeWith(undefined);
    await mkdir(home.stateDir, { mode: 0o700 });
    for (let round = 0; round < 6; round++) {
      await writeFile(home.configPath, `{ gateway: { port: ${18_100 + round} } }`, { mode: 0o600 });
      const { changes } = await lookAt(home, '--fix', '--yes');
      expect(changes).toMatchObject({ done: ['gateway.mode: sets it to local'], kept: `${home.configPath}.bak` });
    }
    const copies = (await readdir(home.stateDir)).filter((name) => name.includes('.bak')).sort();
    expect(copies).toEqual(['', '.1', '.2', '.3', '.4'].map((end) => `openclaw.json.bak${end}`));
    expect(await readFile(`${home.configPath}.bak`, 'utf8')).toContain('18105');
    expect(await readFile(`${home.configPath}.bak.4`, 'utf8')).toContain('18101');
  });

  it('closes files to others', async () => {
    await using home = await homeWith(await sound());
    await chmod(home.configPath, 0o644);
    await chmod(home.stateDir, 0o755);
    const { findings } = await lookAt(home);
    expect(findings.map(({ checkId }) => checkId)).toEqual(['core/doctor/file-modes', 'core/doctor/file-modes']);
    await home.run(['doctor', '--fix', '--yes']);
    expect((await stat(home.configPath)).mode & 0o777).toBe(0o600);
    expect((await stat(home.stateDir)).mode & 0o777).toBe(0o700);
    expect(await lookAt(home)).toMatchObject({ ok: true });
  });

  it('does nothing to a sound home, and says so', async () => {
    await using home = await homeWith(await sound());
    const before = await readTree(home.dir);
    expect(await home.run(['doctor', '--fix', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Doctor complete\.\n$/),
    });
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('leaves a file that is no JSON5 alone, unless the last good one is asked for', async () => {
    const torn = '{ gateway: { mode: "local", ';
    await using home = await homeWith(torn);
    expect((await home.run(['doctor', '--fix', '--yes'])).exitCode).toBe(0);
    expect(await readFile(home.configPath, 'utf8')).toBe(torn);
    const none = await home.run(['doctor', '--restore-last-good', '--yes']);
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no configuration is kept') });
    const good = '{ gateway: { mode: "local" } } // worked';
    await writeFile(`${home.configPath}.last-good`, good, { mode: 0o600 });
    await home.run(['doctor', '--fix', '--yes']);
    expect(await readFile(home.configPath, 'utf8')).toBe(torn);
    const { changes } = await lookAt(home, '--restore-last-good', '--yes');
    expect(changes?.kept).toMatch(/\.clobbered\./);
    expect(await readFile(home.configPath, 'utf8')).toBe(good);
    expect(await readFile(changes?.kept ?? '', 'utf8')).toBe(torn);
  });

  it('takes back what an included file said at the last good start', async () => {
    await using home = await homeWith('{ gateway: { mode: "local" }, session: { $include: "./session.json5" } }');
    const included = join(home.stateDir, 'session.json5');
    const good = '{ mainKey: "home" } // worked';
    await writeFile(included, good, { mode: 0o600 });
    const gateway = await home.gateway();
    await expect.poll(() => readFile(`${included}.last-good`, 'utf8').catch(() => ''), { timeout: 15_000 }).toBe(good);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
    const root = await readFile(home.configPath, 'utf8');
    await writeFile(included, '{ mainKey: 7, nonsense: 1 }');
    const proposed = await home.run(['doctor', '--restore-last-good']);
    expect(proposed.stdout + proposed.stderr).toContain(`${included}.last-good`);
    expect(await readFile(included, 'utf8')).not.toBe(good);
    const { changes, findings } = await lookAt(home, '--restore-last-good', '--yes');
    expect(changes).toMatchObject({ done: [expect.stringContaining(`in place of ${included}`)], failed: [] });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(await readFile(included, 'utf8')).toBe(good);
    expect(await readFile(home.configPath, 'utf8')).toBe(root);
    const kept = (await readdir(home.stateDir)).filter((name) => name.startsWith('session.json5.clobbered.'));
    expect(await Promise.all(kept.map((name) => readFile(join(home.stateDir, name), 'utf8')))).toEqual([
      '{ mainKey: 7, nonsense: 1 }',
    ]);
  });

  it('makes a token when asked to, shows it nowhere, and makes no second one', async () => {
    await using home = await homeWith('{ gateway: { mode: "local" } } // mine\n');
    const { stdout, stderr, exitCode } = await home.run(['doctor', '--generate-gateway-token', '--yes']);
    expect(exitCode).toBe(0);
    const text = await readFile(home.configPath, 'utf8');
    const token = /token: ?["']([\w-]{43})["']/.exec(text)?.[1] ?? 'none';
    expect(token).toHaveLength(43);
    expect(text).toContain('// mine');
    expect(stdout + stderr).not.toContain(token);
    expect((await stat(home.configPath)).mode & 0o777).toBe(0o600);
    await home.run(['doctor', '--generate-gateway-token', '--yes']);
    expect(await readFile(home.configPath, 'utf8')).toBe(text);
    const { url } = await home.gateway();
    expect((await home.run(['health', '--url', url, '--token', token])).exitCode).toBe(0);
  });
});

describe.skipIf(!script)('openclaw doctor --fix on a terminal', () => {
  it.each([['y'], ['n']])('shows the diff, asks, and takes %s for an answer', async (key) => {
    await using home = await homeWith('{ gateway: { port: 18999 } } // mine\n');
    const before = await readFile(home.configPath, 'utf8');
    const line = 'stty cols 120 rows 40; exec "$DOCTOR_NODE" "$DOCTOR_LAUNCHER" doctor --fix';
    const child = spawn(script ?? '', ['-q', '-e', '-c', line, '/dev/null'], {
      env: { ...home.env, DOCTOR_NODE: process.execPath, DOCTOR_LAUNCHER: launcher, TERM: 'xterm', SHELL: '/bin/sh' },
      cwd: home.dir,
    });
    let screen = '';
    let typed = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      if (typed || !stripVTControlCharacters(screen).includes('Do this?')) return;
      typed = true;
      child.stdin.write(key);
    });
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    const shown = stripVTControlCharacters(screen);
    expect(shown.indexOf('+++')).toBeLessThan(shown.indexOf('Do this?'));
    expect(exitCode).toBe(key === 'y' ? 0 : 1);
    const after = await readFile(home.configPath, 'utf8');
    if (key === 'n') expect(after).toBe(before);
    else expect(after).toContain("mode: 'local'");
  });
});
