import { describe, expect, it } from 'vitest';
import { startTestGateway, token } from '../gateway.ts';
import { say } from '../scripted-model.ts';
import { openHouse, readError } from './house.ts';

const chat = { model: 'openclaw', messages: [{ role: 'user', content: 'hello' }] };
const writing: [string, unknown][] = [
  ['/v1/chat/completions', chat],
  ['/v1/responses', { model: 'openclaw', input: 'hello' }],
  ['/v1/embeddings', { model: 'openclaw', input: 'hello' }],
  ['/tools/invoke', { tool: 'agents_list' }],
];

describe('x-openclaw-scopes', () => {
  it.each(['operator.read', '', 'nonsense', 'node'])('takes nothing from who has the secret: %j', async (scopes) => {
    for (const auth of [{ mode: 'token', token } as const, { mode: 'password', password: token } as const]) {
      await using house = await openHouse(say('hi'), { auth });
      const headers = { authorization: `Bearer ${token}`, 'x-openclaw-scopes': scopes };
      for (const [path, body] of writing)
        expect([path, (await house.ask(path, { headers, body })).status]).toEqual([path, 200]);
    }
  });

  it.each([
    ['operator.read', 200, 403],
    ['operator.write', 200, 200],
    ['operator.admin', 200, 200],
    ['operator.read, operator.write', 200, 200],
    ['operator.approvals operator.read', 200, 403],
    ['', 403, 403],
    ['operator.everything', 403, 403],
    ['Operator.Write', 403, 403],
  ])('of %j is all that a request has where no secret is needed', async (scopes, read, write) => {
    await using house = await openHouse(say('hi'), { auth: { mode: 'none' } });
    // Also behind a proxy, which is who sends it.
    for (const more of [{}, { 'x-forwarded-for': '192.0.2.1' }] as Record<string, string>[]) {
      const headers = { 'x-openclaw-scopes': scopes, ...more };
      expect((await house.ask('/v1/models', { headers })).status).toBe(read);
      for (const [path, body] of writing) {
        const answer = await house.ask(path, { headers, body });
        expect([path, answer.status]).toEqual([path, write]);
        if (write === 403 && path.startsWith('/v1'))
          expect(await readError(answer)).toMatchObject({ type: 'forbidden', code: 'missing_scope' });
      }
    }
    expect((await house.ask('/v1/chat/completions', { body: chat })).status).toBe(200);
  });

  it('holds for the contract over HTTP, method by method', async () => {
    await using gateway = await startTestGateway({ config: { gateway: { auth: { mode: 'none' } } } });
    const call = async (method: string, scopes: string, body?: unknown) => {
      const answer = await fetch(`${gateway.http}/rpc/${method}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'x-openclaw-scopes': scopes, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return answer.status;
    };
    expect(await call('sessions.list', 'operator.read')).toBe(200);
    expect(await call('sessions.list', '')).toBe(403);
    expect(await call('sessions.create', 'operator.read', { key: 'x' })).toBe(403);
    expect(await call('sessions.create', 'operator.write', { key: 'x' })).toBe(200);
    expect(await call('device.pair.list', 'operator.write')).toBe(403);
    expect(await call('device.pair.list', 'operator.pairing')).toBe(200);
  });
});
