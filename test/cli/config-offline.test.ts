import { readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeGatewayLock } from '../../server/database/gateway-lock.ts';
import { createHome, freePort, type Home } from './processes.ts';

let home: Home;
beforeEach(async () => {
  home = await createHome();
  await mkdir(home.stateDir, { recursive: true });
});
afterEach(() => home[Symbol.asyncDispose]());

const config = (...line: string[]) => home.run(['config', ...line]);
const configPath = () => join(home.stateDir, 'openclaw.json');
const write = (text: string, name = 'openclaw.json') => writeFile(join(home.stateDir, name), text);
const read = (name = 'openclaw.json') => readFile(join(home.stateDir, name), 'utf8');
const json = async (...line: string[]) => {
  const ended = await config(...line, '--json');
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
  return JSON.parse(ended.stdout);
};

describe('openclaw config with no gateway running', () => {
  it('names the file', async () => {
    expect(await config('file')).toMatchObject({ exitCode: 0, stdout: `${configPath()}\n`, stderr: '' });
    expect(await json('file')).toEqual({ schemaVersion: 1, path: configPath(), exists: false });
    const elsewhere = join(home.dir, 'mine.json');
    const named = await home.run(['config', 'file'], { env: { OPENCLAW_CONFIG_PATH: elsewhere } });
    expect(named.stdout).toBe(`${elsewhere}\n`);
  });

  it('sets, shows, removes and takes back, with comments, backups and revisions', async () => {
    await write("// mine\n{\n  gateway: { mode: 'local' }, // how\n  session: { mainKey: 'a' },\n}\n");
    const set = await config('set', 'session.mainKey', 'b', '--note', 'a test');
    expect(set, set.stderr).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('No gateway runs') });
    expect(await read()).toBe("// mine\n{\n  gateway: { mode: 'local' }, // how\n  session: { mainKey: 'b' },\n}\n");
    expect((await stat(configPath())).mode & 0o777).toBe(0o600);
    expect(await read('openclaw.json.bak')).toContain("mainKey: 'a'");
    expect((await config('get', 'session.mainKey')).stdout).toBe('b\n');
    expect(await json('get', 'session')).toEqual({ mainKey: 'b' });
    const { revisions } = await json('revisions', 'list');
    expect(revisions).toMatchObject([{ by: 'cli', note: 'a test' }, { by: 'file' }]);
    expect(await json('diff', String(revisions[1].id))).toMatchObject({
      from: 'revision',
      changes: [{ path: 'session.mainKey', change: 'changed', before: 'a', after: 'b', reloadKind: 'hot' }],
    });
    expect((await config('rollback', String(revisions[1].id))).exitCode).toBe(0);
    expect(await read()).toContain("mainKey: 'a'");
    expect((await config('unset', 'session')).exitCode).toBe(0);
    expect(await read()).not.toContain('mainKey');
    expect((await json('get')).appliedConfigHash).toBeNull();
  });

  it('makes the first file, and removes an only key without being told twice', async () => {
    expect((await config('set', 'session.mainKey', 'a-name-of-some-length')).exitCode).toBe(0);
    const unset = await config('unset', 'session.mainKey');
    expect(unset, unset.stderr).toMatchObject({ exitCode: 0 });
    await write("{ gateway: { mode: 'local' } }");
    for (const path of ['gateway.mode', 'gateway'])
      expect(await config('unset', path)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/would drop gateway\.mode.*add --allow-destructive.*openclaw\.json\.rejected\./s),
      });
    expect((await config('unset', 'gateway.mode', '--allow-destructive')).exitCode).toBe(0);
  });

  it('never shows a secret, also with --json', async () => {
    const hush = 'hush-hush-hush';
    await write(
      `{ gateway: { mode: 'local', auth: { token: '${hush}' } }, models: { providers: { up: { apiKey: '${hush}' } } } }`,
    );
    const lines = [
      ['get'],
      ['get', 'gateway.auth'],
      ['get', 'gateway.auth.token'],
      ['get', 'models.providers'],
      ['explain', 'gateway.auth.token'],
      ['explain', 'models.providers.up'],
      ['validate'],
    ];
    for (const line of lines)
      for (const end of [[], ['--json']]) {
        const { stdout, stderr, exitCode } = await config(...line, ...end);
        expect([line, exitCode]).toEqual([line, 0]);
        expect(stdout + stderr).not.toContain(hush);
      }
    expect((await config('get', 'gateway.auth.token')).stdout).toBe('__OPENCLAW_REDACTED__\n');
  });

  it('says that a key is not set, and names the nearest of one that is none', async () => {
    expect(await config('get', 'gateway.port')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('config explain gateway.port'),
    });
    for (const verb of ['get', 'explain'])
      expect(await config(verb, 'gateway.prot')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('did you mean gateway.port?'),
      });
  });

  it('checks the file as a start does: file, line, column, code and nearest key, also of included files', async () => {
    await write("{\n  gateway: { mode: 'local', prot: 1 },\n  agents: { $include: './agents.json5' },\n}\n");
    await write('{\n  defaults: { maxConcurent: 8 } }', 'agents.json5');
    const ended = await config('validate', '--json');
    expect(ended).toMatchObject({ exitCode: 78 });
    const { valid, issues, files } = JSON.parse(ended.stdout);
    expect(files).toEqual([configPath(), join(home.stateDir, 'agents.json5')]);
    expect([valid, issues]).toMatchObject([
      false,
      [
        { code: 'UNKNOWN_KEY', path: 'gateway.prot', file: configPath(), line: 2, column: 29, nearest: 'gateway.port' },
        { path: 'agents.defaults.maxConcurent', file: files[1], line: 2, column: 15 },
      ],
    ]);
    const said = await config('validate');
    expect(said.stdout).toMatch(/^Invalid config at .*openclaw\.json:\n.*openclaw\.json:2:29 — gateway.*prot/);
    expect(said.stdout).toMatch(/agents\.json5:2:15 — /);
    expect((await config('get', 'gateway.mode')).exitCode).toBe(78);
    await write("{ gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }");
    expect(await config('validate')).toMatchObject({
      exitCode: 78,
      stdout: expect.stringMatching(/refusing to bind/i),
    });
    await write("{ gateway: { mode: 'local' } }");
    expect(await json('validate')).toMatchObject({ valid: true, issues: [] });
  });

  it('puts single keys of an invalid file right, and nothing else', async () => {
    await write("{ gateway: { mode: 'local', prot: 1 }, session: { mainKey: 'a' } }");
    expect((await config('set', 'session.mainKey', 'b')).exitCode).toBe(1);
    expect((await config('unset', 'gateway.prot')).exitCode).toBe(0);
    expect(await read()).toBe("{ gateway: { mode: 'local' }, session: { mainKey: 'a' } }");
  });

  it('changes the included file in which a key stands, or names it', async () => {
    const text = "{ gateway: { mode: 'local' }, session: { $include: 's.json5' }, agents: { $include: 'a.json5' } }";
    await write(text);
    await write("{ mainKey: 'a' } // mine\n", 's.json5');
    await write('{ defaults: {} }', 'a.json5');
    const set = await json('set', 'session.mainKey', 'b');
    expect(set.path).toBe(join(home.stateDir, 's.json5'));
    expect([await read(), await read('s.json5')]).toEqual([text, "{ mainKey: 'b' } // mine\n"]);
    const both = await config('patch', "{ session: { mainKey: 'c' }, agents: { defaults: { maxConcurrent: 2 } } }");
    expect(both).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/s\.json5.*a\.json5.*one after the other/),
    });
    expect(await json('explain', 'session.mainKey')).toMatchObject({
      source: { kind: 'include', file: set.path, line: 1, column: 3 },
    });
  });

  it('compares the file with what the last gateway started with', async () => {
    expect(await config('diff')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing to compare') });
    await write("{ gateway: { mode: 'local' }, session: { mainKey: 'a' } }");
    const gateway = await home.gateway();
    gateway.process.kill('SIGTERM');
    await gateway.ended;
    expect(readFileSync(`${configPath()}.last-good`, 'utf8')).toBe(await read());
    expect((await config('diff')).stdout).toContain('says the same as');
    await write("{ gateway: { mode: 'local', port: 4711 } }");
    expect(await json('diff')).toMatchObject({
      from: 'last-good',
      changes: [
        { path: 'gateway.port', change: 'added', after: 4711, reloadKind: 'restart' },
        { path: 'session.mainKey', change: 'removed', before: 'a', reloadKind: 'hot' },
      ],
    });
  });

  it('replaces a link and does not follow it, and leaves the home directory alone', async () => {
    const real = join(home.dir, 'real.json5');
    await writeFile(real, "{ gateway: { mode: 'local' } }");
    await mkdir(join(home.dir, 'elsewhere'));
    const path = join(home.dir, 'elsewhere', 'mine.json5');
    await symlink(real, path);
    const empty = join(home.dir, 'empty');
    await mkdir(empty);
    const env = { HOME: empty, OPENCLAW_CONFIG_PATH: path };
    const set = await home.run(['config', 'set', 'session.mainKey', 'x'], { env });
    expect(set, set.stderr).toMatchObject({ exitCode: 0 });
    expect((await lstat(path)).isSymbolicLink()).toBe(false);
    expect(await readFile(real, 'utf8')).toBe("{ gateway: { mode: 'local' } }");
    expect(await readFile(path, 'utf8')).toMatch(/mode: 'local'.*mainKey/);
    expect(await readdir(empty)).toEqual([]);
  });

  it('gives way to a gateway that starts or runs where nobody can ask it', async () => {
    await write("{ gateway: { mode: 'local' } }");
    await home.gateway();
    await rm(join(home.stateDir, 'gateway.json'));
    expect(await config('set', 'session.mainKey', 'x')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/gateway already running|another gateway/),
    });
    expect(await read()).toBe("{ gateway: { mode: 'local' } }");
  });

  it('waits for a gateway that has the files and is not there yet, or not any more', async () => {
    await write("{ gateway: { mode: 'local' } }");
    const lock = await takeGatewayLock({ stateDir: home.stateDir, configPath: configPath(), port: 0, withinMs: 0 });
    const set = config('set', 'session.mainKey', 'x');
    setTimeout(() => void lock.release(), 1_500);
    expect(await set).toMatchObject({ exitCode: 0 });
    expect(await read()).toContain('mainKey');
  });

  it('acts on this machine also when commands go to a gateway elsewhere', async () => {
    await write(`{ gateway: { mode: 'remote', remote: { url: 'ws://127.0.0.1:${await freePort()}', token: 'x' } } }`);
    const set = await config('set', 'gateway.mode', 'local');
    expect(set, set.stderr).toMatchObject({ exitCode: 0 });
    expect(await read()).toContain("mode: 'local'");
    const named = await home.run(['--url', `ws://127.0.0.1:${await freePort()}`, 'config', 'get']);
    expect(named).toMatchObject({ exitCode: 1, stdout: '' });
  });
});

describe('a gateway whose configuration is in several files', () => {
  it('starts with them, and tells a fault of one with its own line instead of starting', async () => {
    await write("{ gateway: { $include: 'g.json5' } }");
    await write("// mine\n{ mode: 'local', prot: 1 }", 'g.json5');
    const refused = await home.run(['gateway']);
    expect(refused).toMatchObject({ exitCode: 78, stderr: expect.stringMatching(/g\.json5:2:18 — gateway.*prot/) });
    await write("{ mode: 'remote', prot: 1 }", 'g.json5');
    expect((await home.run(['gateway'])).stderr).toMatch(
      /^Gateway start blocked: set gateway\.mode=local \(current: remote\)/,
    );
    await write("{ mode: 'local', $include: 'none.json5' }", 'g.json5');
    expect(await home.run(['gateway'])).toMatchObject({
      exitCode: 78,
      stderr: expect.stringContaining('none.json5 does not exist'),
    });
    await write("{ mode: 'local' }", 'g.json5');
    const port = await freePort();
    const started = home.start(['gateway', '--port', String(port)]);
    await started.sees(/Try next/);
    const set = await json('set', 'gateway.nodes.pairing.autoApproveLocal', 'false');
    expect(set.path).toBe(join(home.stateDir, 'g.json5'));
    expect(await json('diff')).toMatchObject({ from: 'running', changes: [] });
  });
});

describe('openclaw config explain', () => {
  it('tells value, place, default, type, what a change takes, and whether it has an effect', async () => {
    await write(
      `{\n  gateway: { mode: 'local', port: 4711 },\n  session: { mainKey: '\${WHO}-x' },\n  channels: { irc: { dmPolicy: 'open' } },\n}`,
    );
    expect(await json('explain', 'gateway.port')).toMatchObject({
      value: 4711,
      source: { kind: 'file', file: configPath(), line: 2, column: 29 },
      default: '18789',
      type: 'integer 1..65535',
      reloadKind: 'restart',
      actedOn: true,
    });
    expect(await json('explain', 'logging.level')).toMatchObject({
      source: { kind: 'default' },
      default: 'info',
      reloadKind: 'hot',
    });
    expect(await json('explain', 'channels.irc.dmPolicy')).toMatchObject({ actedOn: false });
    const said = await home.run(['config', 'explain', 'session.mainKey'], { env: { WHO: 'me' } });
    expect(said.stdout).toMatch(
      /Value: me-x\nFrom: .*openclaw\.json:3:14\nVariable: WHO, set\nDefault: main\nType: string\n/,
    );
    const env = { OPENCLAW_GATEWAY_PORT: '4712' };
    const over = await home.run(['config', 'explain', 'gateway.port'], { env });
    expect(over.stdout).toMatch(
      /Value: 4712\nFrom: the environment variable OPENCLAW_GATEWAY_PORT, which wins over .*:2:29\n/,
    );
  });

  it('tells of the running gateway its flags, and what it has not taken', async () => {
    const file = (more: string) =>
      write(
        `{ gateway: { mode: 'local', port: 4711, reload: { mode: 'off' } }, discovery: { mdns: { mode: '${more}' } } }`,
      );
    await file('off');
    const { port } = await home.gateway(['--bind', 'loopback', '--auth', 'token', '--tailscale', 'off']);
    for (const [key, flag, value] of [
      ['gateway.bind', '--bind', 'loopback'],
      ['gateway.auth.mode', '--auth', 'token'],
      ['gateway.tailscale.mode', '--tailscale', 'off'],
    ] as const)
      expect(await json('explain', key)).toMatchObject({ value, source: { kind: 'flag', flag } });
    expect(await json('explain', 'gateway.port')).toMatchObject({
      value: port,
      source: { kind: 'flag', flag: '--port', file: configPath() },
      differs: false,
    });
    await file('full');
    expect(await json('explain', 'discovery.mdns.mode')).toMatchObject({ differs: true });
    expect(await json('diff')).toMatchObject({
      from: 'running',
      changes: [{ path: 'discovery.mdns.mode', change: 'changed', before: 'off', after: 'full' }],
    });
  });
});

describe('env files', () => {
  it('give what is not set: ./.env, then the one of the state directory, and never a value on the screen', async () => {
    await write(`{ session: { mainKey: "\${A}-\${B}-\${C}" } }`);
    await writeFile(join(home.dir, '.env'), "# here\nA=here-a\nB='here b'\n");
    await write('export B=state-b\nC="state-c"\nA=state-a\n', '.env');
    const { value, variables } = JSON.parse(
      (await home.run(['config', 'explain', 'session.mainKey', '--json'], { env: { A: 'set-a' } })).stdout,
    );
    expect(value).toBe('set-a-here b-state-c');
    expect(variables).toEqual([
      { name: 'A', set: true },
      { name: 'B', set: true, envFile: expect.stringMatching(/\/\.env$/) },
      { name: 'C', set: true, envFile: join(home.stateDir, '.env') },
    ]);
  });

  it('lets the file of a folder decide neither whose files are read nor what is loaded, and says so', async () => {
    await write("{ session: { mainKey: 'mine' } }");
    await writeFile(
      join(home.dir, '.env'),
      'OPENCLAW_CONFIG_PATH=/elsewhere.json\nNODE_OPTIONS=--hush\nOPENAI_BASE_URL=http://x\n',
    );
    const { stdout, stderr } = await config('get', 'session.mainKey');
    expect(stdout).toBe('mine\n');
    for (const name of ['OPENCLAW_CONFIG_PATH', 'NODE_OPTIONS', 'OPENAI_BASE_URL'])
      expect(stderr).toContain(`${name} is left out`);
    expect(stderr).not.toMatch(/elsewhere|hush|http/);
  });

  it('lets it decide neither who is believed nor what the programs load that a gateway starts', async () => {
    const foreign = [
      'BASH_ENV',
      'GIT_SSH_COMMAND',
      'PYTHONSTARTUP',
      'PERL5OPT',
      'OPENSSL_CONF',
      'OPENCLAW_GATEWAY_TLS_FINGERPRINT',
      'OPENCLAW_ALLOW_INSECURE_PRIVATE_WS',
      'HTTPS_PROXY',
      'https_proxy',
      'AZURE_OPENAI_ENDPOINT',
    ];
    await writeFile(
      join(home.dir, '.env'),
      [...foreign, 'PYTHIA', 'ENVIRONMENT', 'GIT_TOKEN'].map((name) => `${name}=hush\n`).join(''),
    );
    const { stderr } = await config('file');
    for (const name of foreign) expect(stderr).toContain(`/.env: ${name} is left out`);
    expect(stderr).not.toMatch(/PYTHIA|ENVIRONMENT|GIT_TOKEN|hush/);
  });

  it('may be unreadable, which is said and nothing more', async () => {
    await mkdir(join(home.dir, '.env'));
    expect(await config('file')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('no regular file') });
  });
});
