import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfigText } from '../../sdk/node/config-text.ts';
import { locate } from '../../sdk/node/locate.ts';
import { findStateDir } from '../../sdk/node/state-dir.ts';
import { resolvePaths } from '../../server/config/paths.ts';
import { scratch } from '../scratch.ts';

let folder: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  folder = await scratch();
});
afterAll(() => folder[Symbol.asyncDispose]());

let stateDir = '';
let tests = 0;
beforeEach(async () => {
  stateDir = join(folder.path, `state-${++tests}`);
  await mkdir(stateDir);
});
const find = (env: Record<string, string> = {}, wanted = {}) =>
  locate(wanted, { OPENCLAW_STATE_DIR: stateDir, ...env });
const put = (name: string, content: unknown) =>
  writeFile(join(stateDir, name), typeof content === 'string' ? content : JSON.stringify(content));
/** A process that is not there any more: the numbers of processes end below. */
const deadPid = 2 ** 22 + 1;

describe('finding the gateway', () => {
  it('knows the default port when there is nothing else to know', async () => {
    expect(await find()).toEqual({
      url: 'ws://127.0.0.1:18789',
      urlFrom: 'the default port',
      hint: 'start one with `openclaw gateway`, or set OPENCLAW_GATEWAY_URL',
    });
  });

  it('knows the port of the profile dev', async () => {
    expect(await find({ OPENCLAW_PROFILE: 'dev' })).toMatchObject({ url: 'ws://127.0.0.1:19001' });
  });

  it('takes the url and port of the environment, in this order', async () => {
    expect(await find({ OPENCLAW_GATEWAY_PORT: '4000' })).toMatchObject({
      url: 'ws://127.0.0.1:4000',
      urlFrom: 'OPENCLAW_GATEWAY_PORT',
    });
    const both = { OPENCLAW_GATEWAY_PORT: '4000', OPENCLAW_GATEWAY_URL: 'https://gateway.example/' };
    expect(await find(both)).toMatchObject({ url: 'wss://gateway.example', urlFrom: 'OPENCLAW_GATEWAY_URL' });
  });

  it('follows a running gateway to where it says it is, with its secret', async () => {
    await put('gateway.json', { url: 'ws://127.0.0.1:5000', pid: process.pid, token: 'of-the-file' });
    await put('openclaw.json', { gateway: { port: 6000 } });
    expect(await find()).toMatchObject({
      url: 'ws://127.0.0.1:5000',
      urlFrom: join(stateDir, 'gateway.json'),
      token: 'of-the-file',
      credentialFrom: join(stateDir, 'gateway.json'),
    });
    expect(await find({ OPENCLAW_GATEWAY_PORT: '4000' })).toMatchObject({ url: 'ws://127.0.0.1:4000' });
  });

  it('does not believe the file of a gateway that was killed', async () => {
    await put('gateway.json', { url: 'ws://127.0.0.1:5000', pid: deadPid, token: 'old' });
    await put('gateway.token', 'made\n');
    expect(await find()).toMatchObject({
      url: 'ws://127.0.0.1:18789',
      token: 'made',
      credentialFrom: join(stateDir, 'gateway.token'),
    });
  });

  it('reads port and secret of a configuration file, with its variables', async () => {
    await put(
      'openclaw.json',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a configuration names a variable
      "// mine\n{ gateway: { port: 6000, auth: { mode: 'password', password: '${SECRET}' }, }, }",
    );
    expect(await find({ SECRET: 'pass' })).toMatchObject({
      url: 'ws://127.0.0.1:6000',
      urlFrom: `gateway.port in ${join(stateDir, 'openclaw.json')}`,
      password: 'pass',
      credentialFrom: `gateway.auth.password in ${join(stateDir, 'openclaw.json')}`,
    });
    expect(await find()).not.toHaveProperty('password');
    const elsewhere = join(stateDir, 'other.json');
    await writeFile(elsewhere, '{ gateway: { port: 7000 } }');
    expect(await find({ OPENCLAW_CONFIG_PATH: elsewhere })).toMatchObject({ url: 'ws://127.0.0.1:7000' });
  });

  it('goes to the remote gateway that a configuration names', async () => {
    await put('openclaw.json', { gateway: { mode: 'remote', remote: { url: 'wss://far.example', token: 'theirs' } } });
    await put('gateway.token', 'ours');
    const located = await find();
    expect(located).toMatchObject({ url: 'wss://far.example', token: 'theirs' });
    expect(JSON.stringify(located)).not.toContain('ours');
    await put('gateway.json', { url: 'ws://127.0.0.1:5000', pid: process.pid, token: 'ours' });
    expect(await find()).toMatchObject({ url: 'wss://far.example', token: 'theirs' });
    const here = await find({ OPENCLAW_GATEWAY_PORT: '4000' });
    expect(here).toMatchObject({ url: 'ws://127.0.0.1:4000', token: 'ours' });
  });

  it('prefers the secrets of the environment', async () => {
    await put('gateway.token', 'made');
    const env = { OPENCLAW_GATEWAY_TOKEN: 'set' };
    expect(await find(env)).toMatchObject({ token: 'set', credentialFrom: 'OPENCLAW_GATEWAY_TOKEN' });
    expect(await find({ OPENCLAW_GATEWAY_PASSWORD: 'p' })).toMatchObject({
      password: 'p',
      credentialFrom: 'OPENCLAW_GATEWAY_PASSWORD',
    });
  });

  it('sends no secret of this machine to another one', async () => {
    await put('gateway.token', 'ours');
    await put('gateway.json', { url: 'ws://127.0.0.1:5000', pid: process.pid, token: 'ours' });
    await put('openclaw.json', { gateway: { auth: { token: 'ours' } } });
    const env = { OPENCLAW_GATEWAY_TOKEN: 'ours' };
    expect(JSON.stringify(await find(env, { url: 'wss://far.example' }))).not.toContain('ours');
    expect(JSON.stringify(await find(env, { url: 'wss://127.0.0.1.far.example' }))).not.toContain('ours');
    expect(JSON.stringify(await find({ OPENCLAW_GATEWAY_URL: 'wss://far.example' }))).not.toContain('ours');
    // A loopback address may be a tunnel: only that of the running gateway gets its secret.
    for (const url of ['ws://127.0.0.1:9', 'ws://localhost:9', 'ws://[::1]:9']) {
      expect(JSON.stringify(await find(env, { url }))).not.toContain('ours');
      expect(JSON.stringify(await find({ OPENCLAW_GATEWAY_URL: url }))).not.toContain('ours');
    }
    for (const url of ['ws://127.0.0.1:5000', 'ws://localhost:5000'])
      expect(await find({}, { url })).toMatchObject({ url, token: 'ours', urlFrom: 'the option url' });
    expect(await find({ OPENCLAW_GATEWAY_URL: 'ws://localhost:5000' })).toMatchObject({ token: 'ours' });
    const strict = await find({}, { url: 'ws://127.0.0.1:5000', findCredentials: false });
    expect(JSON.stringify(strict)).not.toContain('ours');
  });

  it('prefers the secret of a remote gateway to what the environment happens to hold', async () => {
    const remote = { url: 'wss://far.example', password: 'theirs' };
    await put('openclaw.json', { gateway: { mode: 'remote', remote, auth: { token: 'ours' } } });
    const env = { OPENCLAW_GATEWAY_TOKEN: 'set' };
    const located = await find(env);
    expect(located).toMatchObject({ password: 'theirs' });
    expect(located).not.toHaveProperty('token');
    await put('openclaw.json', { gateway: { mode: 'remote', remote: { url: remote.url }, auth: { token: 'ours' } } });
    expect(await find(env)).toMatchObject({ token: 'set' });
    expect(JSON.stringify(await find())).not.toContain('ours');
  });

  it('puts nothing in the place of a secret that is configured and cannot be read', async () => {
    await put('gateway.token', 'made');
    await put('openclaw.json', { gateway: { auth: { token: { source: 'env', provider: 'default', id: 'LOST' } } } });
    expect(await find()).not.toHaveProperty('token');
    expect(await find({ LOST: 'found' })).toMatchObject({ token: 'found' });
  });

  it('reads secrets of files, and what a configuration includes', async () => {
    await put('more.json5', "{ gateway: { mode: 'remote', remote: { url: 'wss://far.example' } } }");
    await put('secrets.json', { a: { 'b/c': 'kept' } });
    const provider = { source: 'file', path: join(stateDir, 'secrets.json'), mode: 'json' };
    await put('openclaw.json', {
      $include: './more.json5',
      secrets: { providers: { disk: provider } },
      gateway: { remote: { token: { source: 'file', provider: 'disk', id: '/a/b~1c' } } },
    });
    expect(await find()).toMatchObject({ url: 'wss://far.example', token: 'kept' });
  });

  it('pins the certificate of the gateway that is asked, and of no other', async () => {
    const pinned = { url: 'wss://far.example', tlsFingerprint: 'AA:BB' };
    await put('openclaw.json', { gateway: { mode: 'remote', remote: pinned } });
    expect(await find()).toMatchObject({ tlsFingerprint: 'AA:BB' });
    expect(await find({}, { url: 'wss://far.example' })).toMatchObject({ tlsFingerprint: 'AA:BB' });
    expect(await find({}, { url: 'wss://other.example' })).not.toHaveProperty('tlsFingerprint');
    const env = { OPENCLAW_GATEWAY_TLS_FINGERPRINT: 'CC' };
    expect(await find(env)).toMatchObject({ tlsFingerprint: 'CC' });
    const wanted = { url: 'wss://far.example', tlsFingerprint: 'DD' };
    expect(await find(env, wanted)).toMatchObject({ tlsFingerprint: 'DD' });
    await put('gateway.json', { url: 'wss://127.0.0.1:5000', pid: process.pid, tlsFingerprint: 'EE' });
    expect(await find({}, { url: 'wss://localhost:5000' })).toMatchObject({ tlsFingerprint: 'EE' });
    expect(await find({ OPENCLAW_GATEWAY_PORT: '5000' })).toMatchObject({
      url: 'wss://127.0.0.1:5000',
      tlsFingerprint: 'EE',
    });
  });

  it('sends nothing in the clear over networks that are not one’s own', async () => {
    for (const host of ['far.example', '8.8.8.8', '[2001:db8::1]', '172.32.0.1', '100.128.0.1', 'x.ts.net.example'])
      await expect(find({}, { url: `ws://${host}:1` }), host).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { code: 'INSECURE_URL' },
      });
    const own = ['127.0.0.1', 'localhost', '[::1]', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.0.1'];
    for (const host of [...own, '100.64.0.1', '[fd00::1]', '[fe80::1]', 'box.local', 'box.tail.ts.net'])
      expect(await find({}, { url: `ws://${host}:1` }), host).toHaveProperty('url');
    const trusting = { OPENCLAW_ALLOW_INSECURE_PRIVATE_WS: '1' };
    expect(await find(trusting, { url: 'ws://gateway:1' })).toHaveProperty('url');
    await expect(find(trusting, { url: 'ws://8.8.8.8:1' })).rejects.toThrow('in the clear');
  });

  it('takes what the application gives before anything else', async () => {
    await put('gateway.token', 'made');
    expect(await find({ OPENCLAW_GATEWAY_TOKEN: 'set' }, { token: 'given' })).toMatchObject({
      url: 'ws://127.0.0.1:18789',
      token: 'given',
      credentialFrom: 'the options of new OpenClaw()',
    });
    const url = 'wss://far.example';
    expect(await find({}, { url, password: 'given' })).toMatchObject({ url, password: 'given' });
  });

  it('looks where the gateway keeps its state', () => {
    const homedir = '/home/somebody';
    const environments: Record<string, string>[] = [
      {},
      { HOME: '/home/a' },
      { HOME: '/home/a', OPENCLAW_HOME: '/srv/b' },
      { HOME: '/home/a', OPENCLAW_HOME: '~/b', OPENCLAW_PROFILE: 'work' },
      { HOME: '/home/a', OPENCLAW_PROFILE: 'default' },
      { HOME: '/home/a', OPENCLAW_STATE_DIR: ' ~/state ', OPENCLAW_PROFILE: 'work' },
      { HOME: '/home/a', OPENCLAW_STATE_DIR: '/var/state', OPENCLAW_CONFIG_PATH: '~/c.json' },
    ];
    for (const env of environments) {
      const theirs = resolvePaths({ env, homedir: env.HOME ?? findStateDir({}).path.replace(/[\\/]\.openclaw$/, '') });
      if (!env.HOME) continue;
      expect(findStateDir(env), JSON.stringify(env)).toEqual({ path: theirs.stateDir, configPath: theirs.configPath });
    }
    expect(findStateDir({}).path).toMatch(/\.openclaw$/);
    expect(resolvePaths({ env: {}, homedir }).stateDir).toBe('/home/somebody/.openclaw');
  });
});

describe('reading a configuration leniently', () => {
  it('understands JSON5', () => {
    const text = `
      // a comment
      { "a": 1, b: 'two', $c: [1, 'x', { d: null }, ], /* block { } */ e: "with \\"quotes\\" and \\u00fc",
        f: { g: true, h: -0x10, i: 'a\\
b' }, 'j k': +1.5e3, }`;
    expect(readConfigText(text)).toEqual({
      a: 1,
      b: 'two',
      $c: [1, 'x', { d: null }],
      e: 'with "quotes" and ü',
      f: { g: true, h: '-0x10', i: 'ab' },
      'j k': 1500,
    });
  });

  it.each([
    ['', {}],
    ['nonsense', {}],
    ['[1]', {}],
    ['{ gateway: { port: 5, ', { gateway: { port: 5 } }],
    ['{ a: 1, b: }', { a: 1 }],
    ['{ a: 1 "b": 2 ]', { a: 1, b: 2 }],
    ['{ a: "open', {}],
    ['{ __proto__: { port: 1 }, a: 1 }', { a: 1 }],
  ])('takes what it understands of %j', (text, expected) => {
    expect(readConfigText(text)).toEqual(expected);
    expect(Object.getPrototypeOf(readConfigText(text))).toBe(Object.prototype);
  });

  it('ends with deep and with long nonsense', () => {
    expect(readConfigText(`{ a: ${'['.repeat(100_000)}`)).toHaveProperty('a');
    expect(readConfigText(`{ a: ${'/'.repeat(100_000)}`)).toEqual({});
  });
});
