import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
} from '@trpc/client';
import { describe, expect, it } from 'vitest';
import type { Contract } from '../../sdk/protocol/contract.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import { token as gatewayToken, startTestGateway } from '../gateway.ts';
import { say } from '../scripted-model.ts';
import { openHouse, token } from './house.ts';

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

describe('the contract over HTTP', () => {
  it('answers queries, mutations and batches of a plain tRPC client', async () => {
    await using gateway = await startTestGateway();
    const rpc = createTRPCClient<Contract>({
      links: [httpLink({ url: `${gateway.http}/rpc`, ...bearer(gatewayToken) })],
    });
    expect(await rpc.health.query({})).toMatchObject({ ok: true });
    const { agents } = await rpc.agents.list.query();
    expect(agents.length).toBeGreaterThan(0);
    const accepted = await rpc.agent.mutate({ message: 'hello', idempotencyKey: 'over-http' });
    expect(accepted).toMatchObject({ runId: 'over-http', status: 'accepted' });
    expect(await rpc['agent.wait'].query({ runId: 'over-http' })).toMatchObject({ status: 'ok' });

    const batched = createTRPCClient<Contract>({
      links: [httpBatchLink({ url: `${gateway.http}/rpc`, ...bearer(gatewayToken) })],
    });
    const [health, presence] = await Promise.all([batched.health.query({}), batched['system-presence'].query()]);
    expect([health.ok, Array.isArray(presence)]).toEqual([true, true]);
  });

  it('tells events as server-sent events until the caller goes away', async () => {
    await using gateway = await startTestGateway();
    const url = `${gateway.http}/rpc`;
    const headers = { authorization: `Bearer ${gatewayToken}` };
    const answer = await fetch(`${url}/events.chat`, { headers: { ...headers, accept: 'text/event-stream' } });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader.read()).value ?? '';
    const rpc = createTRPCClient<Contract>({ links: [httpLink({ url, headers })] });
    await rpc.agent.mutate({ message: 'hello', idempotencyKey: 'watched' });
    while (!seen.includes('"state":"final"')) seen += (await reader.read()).value ?? '';
    expect(seen).toContain('"runId":"watched"');
    await reader.cancel();
  });

  it('is one more link for a client that subscribes', async () => {
    await using gateway = await startTestGateway();
    const url = `${gateway.http}/rpc`;
    const auth = { authorization: `Bearer ${gatewayToken}` };
    const EventSource = await fetchEventSource(auth);
    const rpc = createTRPCClient<Contract>({
      links: [
        splitLink({
          condition: (op) => op.type === 'subscription',
          true: httpSubscriptionLink({ url, EventSource }),
          false: httpLink({ url, headers: auth }),
        }),
      ],
    });
    const begun = Promise.withResolvers<void>();
    const final = Promise.withResolvers<{ runId: string }>();
    const subscription = rpc.events.chat.subscribe(undefined, {
      onStarted: () => begun.resolve(),
      onData: (event) => event.state === 'final' && final.resolve(event),
      onError: final.reject,
    });
    await begun.promise;
    await rpc.agent.mutate({ message: 'hello', idempotencyKey: 'subscribed' });
    expect(await final.promise).toMatchObject({ runId: 'subscribed' });
    subscription.unsubscribe();
  });

  it('answers a wrong bearer with an error that tRPC understands', async () => {
    await using house = await openHouse(say('hi'));
    const rpc = createTRPCClient<Contract>({ links: [httpLink({ url: `${house.url}/rpc`, ...bearer('wrong') })] });
    const error = await rpc.health.query({}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TRPCClientError);
    expect((error as TRPCClientError<Contract>).data).toMatchObject({ code: 'UNAUTHORIZED', httpStatus: 401 });
    expect((error as Error).message).toContain('unauthorized');
  });

  it('gives the gateway’s own errors their status and their shape, and unknown ones none of their words', async () => {
    const errors: Record<string, Error> = {
      health: new GatewayError('UNAVAILABLE', 'come back later', { retryable: true, retryAfterMs: 500 }),
      status: new TypeError('the secret is 42'),
    };
    await using house = await openHouse(say('hi'), { callContext: failing(errors) });
    const known = await house.ask('/rpc/health');
    expect(known.status).toBe(503);
    expect(await known.json()).toMatchObject({
      error: {
        message: 'come back later',
        data: { httpStatus: 503, gateway: { code: 'UNAVAILABLE', retryable: true, retryAfterMs: 500 } },
      },
    });
    const unknown = await house.ask('/rpc/status');
    expect(unknown.status).toBe(500);
    const text = await unknown.text();
    expect(text).not.toContain('secret');
    expect(text).not.toContain('stack');
    expect(text).toContain(unknown.headers.get('x-request-id'));
    expect(house.logged.join('\n')).toContain('the secret is 42');
  });

  it('refuses bad input, unknown methods and what the caller may not do', async () => {
    await using house = await openHouse(say('hi'), { auth: { mode: 'none' } });
    expect((await house.ask('/rpc/nothing')).status).toBe(404);
    expect((await house.ask('/rpc/agent.wait?input=%7B%7D')).status).toBe(400);
    expect((await house.ask('/rpc/%E0%A4%A')).status).toBe(404);
    const headers = { 'x-openclaw-scopes': 'operator.read', 'content-type': 'application/json' };
    const message = { message: 'hello', idempotencyKey: 'k' };
    const refused = await house.ask('/rpc/agent', { headers, body: message });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { data: { gateway: { details: { missingScope: 'operator.write' } } } } },
    ]);
  });

  it('takes no body beyond the limit, and waits for none for ever', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 100 } });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const large = await house.ask('/rpc/agent', { headers, body: { message: 'x'.repeat(200), idempotencyKey: 'k' } });
    expect([large.status, await large.json()]).toMatchObject([413, { error: { data: { code: 'PAYLOAD_TOO_LARGE' } } }]);
  });
});

/** A context whose methods throw. */
function failing(errors: Record<string, Error>): (principal: CallContext['principal']) => CallContext {
  return (principal) => ({
    principal,
    handle: (path) => Promise.reject(errors[path]),
    listen: async function* () {},
    spend() {},
  });
}

/** An EventSource over fetch that sends headers; the one that browsers have cannot. */
async function fetchEventSource(headers: Record<string, string>) {
  return class extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSED = 2;
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSED = 2;
    readyState = 0;
    readonly #leaving = new AbortController();

    constructor(url: string) {
      super();
      void this.#read(url);
    }

    async #read(url: string) {
      const answer = await fetch(url, {
        headers: { ...headers, accept: 'text/event-stream' },
        signal: this.#leaving.signal,
      });
      this.readyState = 1;
      this.dispatchEvent(new Event('open'));
      let text = '';
      try {
        for await (const part of (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream())) {
          text += part;
          const blocks = text.split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) this.#tell(block);
        }
      } catch {
        // Closing aborts the request; there is no other end in these tests.
      }
    }

    #tell(block: string) {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field('data');
      if (data !== undefined) this.dispatchEvent(new MessageEvent(field('event') ?? 'message', { data }));
    }

    close() {
      this.readyState = 2;
      this.#leaving.abort();
    }
  };
}
