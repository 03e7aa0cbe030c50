import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startTestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, chunk, reply } from '../upstream.ts';
import { dialIn } from '../wire/raw.ts';
import { expectLogged } from './log-lines.ts';
import { toRequest } from './raw-http.ts';

const megabyte = 'm'.repeat(1024 * 1024);

describe('a client that reads nothing any more', () => {
  it('is closed when the end of a run cannot reach it; the run and the others go on', async () => {
    await using gateway = await startTestGateway();
    using deaf = await dialIn(gateway, { auth: { token } });
    await using client = await openSocket(gateway.url, { patienceMs: 20_000 });
    deaf.socket.pause();
    gateway.upstream.answer(reply(...Array.from({ length: 100 }, () => megabyte.slice(0, 10_000))));
    for (const idempotencyKey of ['k1', 'k2', 'k3', 'k4']) {
      await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey });
      expect(await client.end(idempotencyKey)).toMatchObject({ state: 'final' });
    }
    await expectLogged(gateway, 'socket closed', 'slow consumer');
    expect(await client.call('health')).toMatchObject({ ok: true });
  });

  it('and leaves, takes its runs over HTTP with it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(
      begin('first', async (send, res) => {
        for (let n = 0; n < 3 && !res.destroyed; n++) {
          send(chunk({ content: megabyte }));
          await new Promise(setImmediate);
        }
      }),
    );
    const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: 'x' }] });
    // They ask and read nothing.
    const sockets = Array.from({ length: 5 }, () => {
      const socket = connect({ port: gateway.port, host: '127.0.0.1' });
      socket.on('error', () => undefined).pause();
      socket.write(toRequest('POST /v1/chat/completions', [], body));
      return socket;
    });
    await expect.poll(() => gateway.upstream.requests.length).toBe(5);
    for (const socket of sockets) socket.destroy();
    await Promise.all(gateway.upstream.requests.map(({ hungUp }) => hungUp));
    await expect.poll(() => client.call('status')).toMatchObject({ runs: { active: 0 } });
  });
});

describe('a megabyte that comes at once', () => {
  it('reaches a client that reads, with its end', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const pieces = Array.from({ length: 256 }, () => megabyte.slice(0, 4096));
    gateway.upstream.answer(reply(...pieces));
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    const end = await client.end('k');
    expect(end).toMatchObject({ state: 'final', message: { content: [{ text: megabyte }] } });
    expect(client.told('agent').at(-1)).toMatchObject({ stream: 'lifecycle', data: { phase: 'end' } });
  });
});
