import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { explainGateway } from '../../sdk/node/explain.ts';
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
const put = (name: string, content: unknown) => writeFile(join(stateDir, name), JSON.stringify(content));
const explain = (wanted = {}, env: Record<string, string> = {}) =>
  explainGateway(wanted, { OPENCLAW_STATE_DIR: stateDir, ...env });
/** What is there, in order. */
const present = async (...asked: Parameters<typeof explain>) =>
  (await explain(...asked)).credentials.filter(({ state }) => state !== 'absent');

describe('explaining which credential would be sent', () => {
  it('tells every place, the one that is chosen and why the others are not', async () => {
    await put('gateway.json', { url: 'ws://127.0.0.1:5000', pid: process.pid, token: 'running' });
    await put('openclaw.json', { gateway: { auth: { password: 'configured' } } });
    const found = await explain({}, { OPENCLAW_GATEWAY_TOKEN: 'set' });
    expect(found).toMatchObject({ url: 'ws://127.0.0.1:5000', urlFrom: join(stateDir, 'gateway.json'), kind: 'local' });
    expect(found.credentials.filter(({ state }) => state !== 'absent')).toEqual([
      {
        kind: 'token',
        source: 'OPENCLAW_GATEWAY_TOKEN',
        state: 'chosen',
        why: 'it is the first that is there',
        fingerprint: '6ee0eb49',
      },
      {
        kind: 'token',
        source: join(stateDir, 'gateway.json'),
        state: 'passed-over',
        why: 'OPENCLAW_GATEWAY_TOKEN comes first',
        fingerprint: 'c071cf5f',
      },
      {
        kind: 'password',
        source: `gateway.auth.password in ${join(stateDir, 'openclaw.json')}`,
        state: 'passed-over',
        why: 'OPENCLAW_GATEWAY_TOKEN comes first',
        fingerprint: '20158224',
      },
    ]);
    expect(found.credentials).toContainEqual({
      kind: 'token',
      source: join(stateDir, 'gateway.token'),
      state: 'absent',
      why: 'there is none',
    });
  });

  it('holds no secret', async () => {
    const secret = 'a-secret-that-nobody-may-see';
    await put('openclaw.json', { gateway: { auth: { token: secret }, remote: { token: secret } } });
    const env = { OPENCLAW_GATEWAY_TOKEN: secret, OPENCLAW_GATEWAY_PASSWORD: secret };
    expect(JSON.stringify(await explain({ token: secret }, env))).not.toContain(secret);
  });

  it('says that nothing is borrowed for an address that was named', async () => {
    await put('openclaw.json', { gateway: { auth: { token: 'configured' } } });
    const env = { OPENCLAW_GATEWAY_TOKEN: 'set' };
    const found = await present({ url: 'ws://127.0.0.1:9', findCredentials: false }, env);
    expect(found.map(({ state, why }) => [state, why])).toEqual([
      ['passed-over', 'the option url names the gateway: nothing is borrowed for it'],
      ['passed-over', 'the option url names the gateway: nothing is borrowed for it'],
    ]);
  });

  it('says what cannot be read, and that nothing takes its place', async () => {
    const token = { source: 'exec', provider: 'vault', id: 'gateway' };
    await put('openclaw.json', { gateway: { auth: { token } } });
    await writeFile(join(stateDir, 'gateway.token'), 'made\n');
    expect(await present()).toMatchObject([
      { state: 'unreadable', why: 'it is kept by the exec provider "vault", which only the gateway asks' },
      {
        state: 'passed-over',
        source: join(stateDir, 'gateway.token'),
        why: expect.stringMatching(
          /^gateway\.auth\.token in .* is what is configured, and nothing else takes its place$/,
        ),
      },
    ]);
  });
});
