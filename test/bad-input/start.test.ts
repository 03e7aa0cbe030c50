import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { expectLogged } from './log-lines.ts';

const launcher = join(import.meta.dirname, '..', '..', 'cli', 'openclaw.ts');

interface Attempt {
  /** Text of the configuration; one that is right by default. */
  config?: string | Buffer | undefined;
  env?: Record<string, string>;
  args?: string[];
  /** Puts something into the state directory first. */
  prepare?(stateDir: string): Promise<unknown>;
}

/** Starts a gateway that must not start, on a port that is free, and gives what it said. */
async function fail({ config, env = {}, args = [], prepare }: Attempt) {
  await using folder = await scratch();
  const stateDir = join(folder.path, 'state');
  const configPath = join(folder.path, 'openclaw.json');
  const logFile = join(folder.path, 'gateway.log');
  const right = { gateway: { mode: 'local', auth: { mode: 'token', token } }, logging: { file: logFile } };
  await mkdir(stateDir);
  await writeFile(configPath, config ?? JSON.stringify(right));
  await prepare?.(stateDir);
  const child = spawn(process.execPath, [launcher, 'gateway', ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: folder.path,
      TMPDIR: folder.path,
      OPENCLAW_STATE_DIR: stateDir,
      OPENCLAW_CONFIG_PATH: configPath,
      OPENCLAW_GATEWAY_PORT: String(await findFreePort()),
      ...env,
    },
    timeout: 20_000,
  });
  let stderr = '';
  child.stderr.on('data', (piece) => {
    stderr += piece;
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return { exitCode, stderr, log, stateDir, configPath };
}

const asConfig = (more: object) =>
  JSON.stringify({ gateway: { mode: 'local', auth: { mode: 'token', token } }, ...more });
const provider = (more: object) => ({
  models: { providers: { p: { baseUrl: 'http://127.0.0.1:1', models: [], ...more } } },
});

describe('a state directory that cannot be used', () => {
  const put = (name: string, content: string) => (stateDir: string) => writeFile(join(stateDir, name), content);
  const putFolder = (name: string) => (stateDir: string) => mkdir(join(stateDir, name));

  it.concurrent.each<[string, Attempt, number, RegExp]>([
    [
      'lies below a file',
      { env: { OPENCLAW_STATE_DIR: '/dev/null/state' } },
      78,
      /cannot make the state directory.*ENOTDIR.*OPENCLAW_STATE_DIR/,
    ],
    [
      'is a file',
      { env: { OPENCLAW_STATE_DIR: launcher } },
      78,
      /cannot make the state directory.*a file is in its place/,
    ],
    [
      'lies where nobody can make one',
      { env: { OPENCLAW_STATE_DIR: '/proc/openclaw' } },
      78,
      /cannot make the state directory/,
    ],
    [
      'has a folder for a database',
      { prepare: putFolder('openclaw.db') },
      1,
      /cannot open the database .*openclaw\.db.*Check that/,
    ],
    [
      'has words for a database',
      { prepare: put('openclaw.db', 'no database '.repeat(999)) },
      1,
      /not a database\. It is damaged: restore it/,
    ],
    ['has a folder for the log of writes', { prepare: putFolder('openclaw.db-wal') }, 1, /cannot open the database/],
    [
      'has a folder in place of the runtime file',
      { prepare: putFolder('gateway.json') },
      1,
      /cannot write .*gateway\.json \(EISDIR\).*move away/,
    ],
    [
      'has a file for the folder of locks',
      { prepare: put('tmp', '') },
      1,
      /cannot lock .*gateway\..*\.lock.*move away/,
    ],
    [
      'has an empty token',
      { config: '{ gateway: { mode: "local" } }', prepare: put('gateway.token', '') },
      78,
      /gateway\.token is empty: delete the file/,
    ],
    [
      'has a folder for a token',
      { config: '{ gateway: { mode: "local" } }', prepare: putFolder('gateway.token') },
      78,
      /cannot read the gateway token.*EISDIR/,
    ],
  ])(
    'because it %s ends the start with one clear line, an exit code, and a line in the log',
    async (_what, attempt, code, words) => {
      const { exitCode, stderr, log } = await fail(attempt);
      expect([exitCode, stderr]).toEqual([code, expect.stringMatching(words)]);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      if (attempt.config === undefined) {
        const last = JSON.parse(log.trim().split('\n').at(-1) ?? '{}');
        expect(last).toMatchObject({ message: 'start failed', _meta: { logLevelName: 'ERROR' } });
        expect(last.error).toMatchObject({
          code: code === 78 ? 'INVALID_CONFIG' : 'UNAVAILABLE',
          message: stderr.trim(),
        });
      }
    },
  );

  it.each(['', '{', 'null', '{"url":5,"pid":1}', '{"url":"nonsense","pid":1}', '{"url":"ws://127.0.0.1:1","pid":"x"}'])(
    'is used all the same when its runtime file says %j',
    async (scribble) => {
      await using folder = await scratch();
      await using upstream = await startUpstream(reply('here'));
      await writeFile(join(folder.path, 'gateway.json'), scribble);
      const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
      await using gateway = await spawnGateway(start);
      await using client = await openSocket(gateway.url);
      expect(await client.call('health')).toMatchObject({ ok: true });
      expect(JSON.parse(await readFile(join(folder.path, 'gateway.json'), 'utf8'))).toMatchObject({ url: gateway.url });
    },
  );
});

describe('gateways that start at once', () => {
  it.each([
    ['on one port', true, /gateway already running \(pid \d+\); lock timeout after 5000ms/],
    ['in one state directory', false, /gateway already running \(pid \d+\);.*the state directory .*OPENCLAW_STATE_DIR/],
  ])('%s are one that works, and others that say why they do not', async (_where, isOnePort, words) => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('here'));
    const first = await findFreePort();
    const ports = isOnePort ? [first, first, first] : [first, await findFreePort(), await findFreePort()];
    const gateways = await Promise.all(
      ports.map((port) => {
        const env = { OPENCLAW_GATEWAY_PORT: `${port}` };
        return spawnGateway({ stateDir: folder.path, port, config: withUpstream(upstream.url), env });
      }),
    );
    const [one, ...rest] = gateways.toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
    try {
      expect(gateways.filter(isReady)).toHaveLength(1);
      for (const { exited, output } of rest) {
        expect((await exited).code).toBe(1);
        expect(output()).toMatch(words);
        expect(output()).not.toMatch(/^ +at /m);
      }
      await using client = await openSocket(one?.url ?? '');
      await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
      expect(await client.end('k')).toMatchObject({ state: 'final' });
    } finally {
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
    }
  });
});

const isReady = ({ output }: { output(): string }) => output().includes(' ready on ');

describe('a configuration that cannot be used', () => {
  it.concurrent.each<[string, Attempt, RegExp]>([
    ['is half a file', { config: '{ gateway: { mode: "local"' }, /openclaw\.json:1:27 — not valid JSON5/],
    ['is no text', { config: Buffer.from([0x7b, 0xff, 0x7d]) }, /not UTF-8 text: save it as UTF-8/],
    ['is no object', { config: '"gateway"', args: ['--allow-unconfigured'] }, /has to hold an object/],
    [
      'has no bottom',
      { config: `{ a: ${'['.repeat(9000)}${']'.repeat(9000)} }`, args: ['--allow-unconfigured'] },
      /more than 100 levels/,
    ],
    ['has an unknown key', { config: asConfig({ gatway: {} }) }, /gatway.*gateway/s],
    [
      'has a prototype',
      { config: '{ gateway: { mode: "local", "__proto__": { port: 1 } } }' },
      /Unrecognized key: "__proto__"/,
    ],
    [
      'has a number for a word',
      { config: asConfig({ logging: { level: 7 } }) },
      /logging\.level: Invalid input: expected/,
    ],
    [
      'has a port that is none',
      { config: asConfig({ gateway: { mode: 'local', port: 70_000 } }) },
      /gateway\.port: Invalid input: expected integer 1\.\.65535/,
    ],
    [
      'has no room for a run',
      { config: asConfig({ agents: { defaults: { maxConcurrent: 0 } } }) },
      /agents\.defaults\.maxConcurrent: Invalid input: expected integer 1\.\./,
    ],
    [
      'names an agent impossibly',
      { config: asConfig({ agents: { entries: { 'a/b': {} } } }) },
      /an agent's id has to be/,
    ],
    [
      'ends session keys in nothing',
      { config: asConfig({ session: { mainKey: '' } }) },
      /session\.mainKey: .* visible characters/,
    ],
    ['ends session keys in a line end', { config: asConfig({ session: { mainKey: 'a\nb' } }) }, /session\.mainKey/],
    [
      'speaks an unknown API',
      { config: asConfig(provider({ api: 'telepathy' })) },
      /models\.providers\.p\.api: Invalid input: expected/,
    ],
    [
      'hides nothing',
      { config: asConfig({ logging: { redactPatterns: ['('] } }) },
      /logging\.redactPatterns: "\(" is no regular expression/,
    ],
    [
      'logs into nothing',
      { config: asConfig({ logging: { file: '/dev/null/x.log' } }) },
      /cannot write the log file .*set logging\.file/,
    ],
    [
      'has a token that is not there',
      { config: asConfig({ gateway: { mode: 'local', auth: { token: '${' + 'NOT_SET}' } } }) },
      /environment variable \w+ is not set/,
    ],
    ['is a folder', { env: { OPENCLAW_CONFIG_PATH: '/' } }, /cannot be read \(EISDIR\)/],
    [
      'has another port in the environment',
      { env: { OPENCLAW_GATEWAY_PORT: '80 80' } },
      /OPENCLAW_GATEWAY_PORT "80 80" is no port/,
    ],
    [
      'binds to an address that is none',
      { config: asConfig({ gateway: { mode: 'local', bind: 'custom', customBindHost: '300.1.1.1' } }) },
      /needs the IPv4 address/,
    ],
    [
      'lets everybody in',
      { config: asConfig({ gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }) },
      /Refusing to bind gateway to lan without auth\./,
    ],
  ])('because it %s ends the start with exit code 78, in words and without a stack', async (_what, attempt, words) => {
    const { exitCode, stderr } = await fail(attempt);
    expect([exitCode, stderr]).toEqual([78, expect.stringMatching(words)]);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('by a variable of the environment alone is said in the log, and does without it', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('here'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    await using gateway = await spawnGateway({ ...start, env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: 'soon' } });
    await expectLogged({ logFile: join(folder.path, 'gateway.log') }, 'OPENCLAW_HANDSHAKE_TIMEOUT_MS is ignored');
    await using client = await openSocket(gateway.url);
    expect(await client.call('health')).toMatchObject({ ok: true });
  });

  it('is replaced while the gateway runs: it goes on with what it read, and says what is wrong', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('here'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    await writeFile(join(folder.path, 'openclaw.json'), Buffer.from([0x7b, 0xff, 0x00]));
    expect(await client.call('config.get')).toMatchObject({
      valid: false,
      issues: [{ message: expect.stringContaining('UTF-8') }],
    });
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    expect(await client.end('k')).toMatchObject({ state: 'final' });
  });
});
