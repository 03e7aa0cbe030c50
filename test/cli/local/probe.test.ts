import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { probeGateway } from '../../../cli/local/probe.ts';
import { startTestGateway, token } from '../../gateway.ts';
import { findFreePort } from '../../whole/process.ts';

describe('a probe', () => {
  it('is let in, asks, and hangs up', async () => {
    await using gateway = await startTestGateway();
    const probe = await probeGateway({ url: gateway.http, credentials: { token } });
    expect(probe).toMatchObject({
      reachable: true,
      connect: { ok: true, rpcOk: true, scopeLimited: false, error: null },
      auth: { role: 'operator', capability: 'admin_capable' },
      server: { version: '0.0.0-test' },
      capability: 'admin_capable',
      status: { pid: process.pid },
      health: { ok: true },
    });
    expect(probe.connect.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('tells a refusal in the words of the gateway, and that somebody is there', async () => {
    await using gateway = await startTestGateway();
    const probe = await probeGateway({ url: gateway.url, credentials: { token: 'wrong-token-of-somebody' } });
    expect(probe).toMatchObject({
      reachable: true,
      connect: { ok: false, rpcOk: false, error: { code: 'AUTH_TOKEN_MISMATCH' } },
      auth: null,
      server: null,
      capability: 'unknown',
    });
    expect(probe.connect.error?.message).toMatch(/^unauthorized: gateway token mismatch/);
    expect(JSON.stringify(probe)).not.toContain('wrong-token-of-somebody');
  });

  it('looks no credentials up', async () => {
    await using gateway = await startTestGateway();
    const probe = await probeGateway({ url: gateway.url });
    expect(probe).toMatchObject({
      reachable: true,
      connect: { ok: false, error: { code: 'DEVICE_IDENTITY_REQUIRED' } },
    });
  });

  it('tells that nobody is there', async () => {
    const port = await findFreePort();
    expect(await probeGateway({ url: `ws://127.0.0.1:${port}` })).toMatchObject({
      reachable: false,
      connect: {
        ok: false,
        latencyMs: null,
        error: { code: 'UNREACHABLE', message: `connect ECONNREFUSED 127.0.0.1:${port}` },
      },
    });
  });

  it('tells that a url is none', async () => {
    expect(await probeGateway({ url: 'nonsense' })).toMatchObject({
      reachable: false,
      connect: { ok: false, latencyMs: null, error: { code: 'INVALID_REQUEST' } },
    });
  });

  it('does not wait for one who never answers, opens no WebSocket, or opens one and says nothing', async () => {
    await using silent = await listen(createTcpServer(() => {}));
    await using web = await listen(createServer((_, response) => response.end('hello')));
    await using mute = await listenMute();
    for (const { url, words } of [
      { url: silent.url, words: 'the socket did not open within 300 ms' },
      { url: web.url, words: 'Unexpected server response: 200' },
      { url: mute.url, words: 'the gateway did not answer connect within 300 ms' },
    ]) {
      const probe = await probeGateway({ url, timeoutMs: 300 });
      expect(probe).toMatchObject({ reachable: false, connect: { ok: false, error: { code: 'UNREACHABLE' } } });
      expect(probe.connect.error?.message).toContain(words);
    }
  });
});

async function listen(server: ReturnType<typeof createTcpServer>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Lets WebSockets open, and that is all. */
async function listenMute() {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const listening = await listen(server);
  return {
    ...listening,
    async [Symbol.asyncDispose]() {
      sockets.close();
      await listening[Symbol.asyncDispose]();
    },
  };
}
