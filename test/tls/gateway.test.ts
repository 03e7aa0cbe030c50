import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenClaw } from '../../sdk/index.node.ts';
import { startTestGateway, token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { makeCertificate, putCertificate } from './certificates.ts';

type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

describe('a gateway that speaks TLS', () => {
  let gateway: TestGateway;
  let fingerprint: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ config: { gateway: { tls: { enabled: true } } } });
    fingerprint = gateway.tlsFingerprint ?? '';
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  /** A client that knows no more than it is told. */
  const client = (more = {}) => new OpenClaw({ url: gateway.url, token, reconnect: false, ...more });

  it('tells where it is and with which certificate', async () => {
    expect(gateway.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+$/);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const file = JSON.parse(await readFile(join(gateway.paths.stateDir, 'gateway.json'), 'utf8'));
    expect(file).toMatchObject({ url: gateway.url, tlsFingerprint: fingerprint });
    expect(await readFile(gateway.logFile, 'utf8')).toContain(`SHA-256 ${fingerprint}`);
  });

  it('answers sockets and HTTP on one port to those who pin it or trust it', async () => {
    for (const tlsFingerprint of [
      fingerprint,
      fingerprint.replaceAll(':', '').toLowerCase(),
      `SHA256:${fingerprint}`,
    ]) {
      await using oc = client({ tlsFingerprint });
      expect(await oc.rpc.health.query({})).toMatchObject({ ok: true });
    }
    const ca = await readFile(join(gateway.paths.stateDir, 'gateway', 'tls', 'gateway-cert.pem'));
    const request = get(`${gateway.http}/healthz`, { ca, agent: false });
    const [response] = await once(request, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('is not trusted without a pin, and the way to one is shown', async () => {
    await using oc = client();
    const error = await oc.connect().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect(error.message).toContain(`--tls-fingerprint ${fingerprint}`);
  });

  it('is left before anything is sent when it shows another certificate', async () => {
    const expected = fingerprint.replace(/^../, (pair) => (pair === '00' ? '01' : '00'));
    await using oc = client({ tlsFingerprint: expected, reconnect: {} });
    const error = await oc.connect().catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'TLS_FINGERPRINT_MISMATCH',
      details: { expected, found: fingerprint, expectedFrom: 'the option tlsFingerprint' },
    });
    expect(error.message).toContain(expected);
    expect(error.message).toContain(fingerprint);
    // Another attempt would end the same way.
    expect(oc.state).toMatchObject({ status: 'closed' });
  });

  it('refuses what is no fingerprint', async () => {
    await using oc = client({ tlsFingerprint: 'AA:BB' });
    await expect(oc.connect()).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('64 hexadecimal digits'),
    });
  });

  it('tells who speaks plain HTTP or ws:// to it to use TLS', async () => {
    const answer = await fetch(gateway.http.replace('https:', 'http:'));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'TLS_REQUIRED', message: expect.stringContaining('wss://') },
    });
    await using oc = client({ url: gateway.url.replace('wss:', 'ws:') });
    await expect(oc.connect()).rejects.toThrow('this port speaks TLS');
  });

  it('hangs up on what is neither TLS nor HTTP', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('\0\0\0garbage');
    socket.resume();
    await once(socket, 'close');
  });

  it('speaks nothing older than TLS 1.2', async () => {
    const socket = connectTls({
      port: gateway.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    const [error] = await once(socket, 'error');
    expect(error.code).toMatch(/ERR_SSL|EPROTO|ECONNRESET/);
  });
});

describe('a TLS gateway that stops', () => {
  it('is not kept from it by connections that have not said anything, or have not finished their handshake', async () => {
    const gateway = await startTestGateway({ config: { gateway: { tls: { enabled: true } } } });
    const silent = connect(gateway.port, '127.0.0.1');
    const half = connect(gateway.port, '127.0.0.1');
    await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
    half.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    // Answered after both have been accepted.
    await fetch(gateway.http.replace('https:', 'http:'));
    const gone = Promise.all([once(silent, 'close'), once(half, 'close')]);
    silent.on('error', () => {});
    half.on('error', () => {});
    await gateway[Symbol.asyncDispose]();
    await gone;
  });
});

describe('a certificate that is replaced under a running gateway', () => {
  it('answers new connections, and leaves those that are open', async () => {
    await using folder = await scratch();
    const [first, second] = [await makeCertificate(), await makeCertificate()];
    const files = join(folder.path, 'tls');
    await mkdir(files);
    const paths = await putCertificate(files, first);
    await using gateway = await startTestGateway({
      folder: folder.path,
      config: { gateway: { tls: { enabled: true, ...paths } } },
    });
    await using open = new OpenClaw({ url: gateway.url, token, tlsFingerprint: first.fingerprint, reconnect: false });
    await open.connect();
    await putCertificate(files, second);
    // Bounded by the test's own time limit.
    while ((await shownBy(gateway.port)) !== second.fingerprint);
    expect(await open.rpc.health.query({})).toMatchObject({ ok: true });
    const runtime = () => readFile(join(folder.path, 'gateway.json'), 'utf8');
    while (JSON.parse(await runtime()).tlsFingerprint !== second.fingerprint);
    await using late = new OpenClaw({ url: gateway.url, token, tlsFingerprint: second.fingerprint, reconnect: false });
    await late.connect();
  });
});

async function shownBy(port: number): Promise<string> {
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
