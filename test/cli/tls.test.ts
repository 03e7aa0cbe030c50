import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../tls/certificates.ts';
import { createHome, freePort, type Home } from './processes.ts';

let home: Home;
beforeAll(async () => {
  home = await createHome();
  await mkdir(home.stateDir, { recursive: true });
});
afterAll(() => home[Symbol.asyncDispose]());
const configure = (gateway: object) =>
  writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', ...gateway } }));

describe('the command line and a gateway that speaks TLS', () => {
  it('needs to be told nothing on the same machine, and a fingerprint elsewhere', async () => {
    await configure({ tls: { enabled: true } });
    const started = await home.gateway();
    const url = started.url.replace('ws:', 'wss:');
    const [, fingerprint = ''] = await started.sees(/certificate SHA-256 ([0-9A-F:]{95})/);
    expect(started.stdout()).toContain(`ready on ${url}`);
    expect((await home.run(['health'])).exitCode).toBe(0);
    const status = await home.run(['gateway', 'status']);
    expect(status).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('RPC probe: ok') });
    expect(status.stdout).toContain(`TLS: certificate SHA-256 ${fingerprint}`);

    const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
    // Another secret while it runs leaves the certificate known.
    const runtime = async () => JSON.parse(await readFile(join(home.stateDir, 'gateway.json'), 'utf8'));
    await configure({ tls: { enabled: true }, auth: { token: 'another-token-for-clients' } });
    await expect.poll(async () => (await runtime()).token, { timeout: 20_000 }).toBe('another-token-for-clients');
    expect(await runtime()).toMatchObject({
      tlsFingerprint: fingerprint,
      flags: { 'gateway.port': { flag: '--port' } },
    });
    expect((await home.run(['health'])).exitCode).toBe(0);
    await configure({ tls: { enabled: true }, auth: { token } });
    await expect.poll(async () => (await runtime()).token, { timeout: 20_000 }).toBe(token);

    // A home that knows nothing of this gateway.
    const away = { OPENCLAW_STATE_DIR: join(home.dir, 'away') };
    const named = ['health', '--url', url, '--token', token];
    const bare = await home.run(named, { env: away });
    expect(bare).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`--tls-fingerprint ${fingerprint}`) });
    expect((await home.run([...named, '--tls-fingerprint', fingerprint], { env: away })).exitCode).toBe(0);
    const byEnvironment = { ...away, OPENCLAW_GATEWAY_TLS_FINGERPRINT: fingerprint };
    expect((await home.run(named, { env: byEnvironment })).exitCode).toBe(0);

    await mkdir(away.OPENCLAW_STATE_DIR);
    const remote = { url, token, tlsFingerprint: fingerprint };
    const config = JSON.stringify({ gateway: { mode: 'remote', remote } });
    await writeFile(join(away.OPENCLAW_STATE_DIR, 'openclaw.json'), config);
    expect((await home.run(['health'], { env: away })).exitCode).toBe(0);

    const plain = await home.run(['health', '--url', started.url, '--token', token]);
    expect(plain).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('this port speaks TLS') });
    started.process.kill('SIGTERM');
    expect(await started.ended).toMatchObject({ exitCode: 0 });
  });

  it('sends nothing to who shows another certificate', async () => {
    const { cert, key, fingerprint } = await makeCertificate();
    const received: string[] = [];
    const server = createServer({ cert, key }, (request) => received.push(request.url ?? ''));
    server.on('upgrade', (request) => received.push(request.url ?? ''));
    server.on('secureConnection', (socket) => socket.on('data', (bytes) => received.push(String(bytes))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const expected = 'AB'.repeat(32);
    const call = ['health', '--url', url, '--token', 'a-secret-token', '--tls-fingerprint', expected];
    const ended = await home.run(call);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(fingerprint);
    expect(ended.stderr).toContain(`${'AB:'.repeat(31)}AB was expected (from --tls-fingerprint)`);
    expect(received).toEqual([]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('does not start with files that are of no use, and says which', async () => {
    await configure({
      tls: { enabled: true, certPath: '/nowhere/server.crt', keyPath: 'server.key', autoGenerate: false },
    });
    const ended = await home.run(['gateway', '--port', String(await freePort())]);
    expect(ended).toMatchObject({ exitCode: 78, stderr: expect.stringMatching(/\/nowhere\/server\.crt is missing/) });
  });
});
