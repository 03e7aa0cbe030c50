import { describe, expect, it } from 'vitest';
import { dialects } from '../dialects.ts';
import { pieces, type Respond, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, failureOf, hello, never, textOf } from './calling.ts';

/** What a server does that closes an idle connection while a request is on its way. */
const closes: Respond = (_request, res) => void res.socket?.end();

describe.each(dialects)('a connection that a provider of $api closes', (dialect) => {
  const whole = pieces(dialect.type, dialect.text);

  async function open(...scripts: Respond[]) {
    const upstream = await startUpstream(...scripts);
    const provider = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: 'k' };
    const registry = createRegistryWith(provider);
    return {
      upstream,
      log: registry.log,
      call: () => collect(registry.find('test/model-1').stream(hello, never)),
      async [Symbol.asyncDispose]() {
        await registry.close();
        await upstream[Symbol.asyncDispose]();
      },
    };
  }

  it('while it was idle is replaced without a failed try', async () => {
    await using house = await open(whole);
    expect(textOf(await house.call())).toBe('Hello world');
    house.upstream.closeIdle();
    expect(textOf(await house.call())).toBe('Hello world');
    expect(house.log.lines).toEqual([]);
  });

  it('under a request that it has not begun to answer is replaced at once', async () => {
    const used = new WeakSet<object>();
    let closed = 0;
    const closesUsed: Respond = (request, res) => {
      const isUsed = res.socket !== null && used.has(res.socket);
      if (res.socket) used.add(res.socket);
      if (isUsed) closed++;
      return (isUsed ? closes : whole)(request, res);
    };
    await using house = await open(closesUsed);
    // The end of an answer frees its connection a moment after it was read: not every call finds one.
    for (let calls = 0; calls < 10; calls++) expect(textOf(await house.call())).toBe('Hello world');
    expect(closed).toBeGreaterThan(0);
    expect(house.upstream.requests).toHaveLength(10 + closed);
    expect(house.log.lines).toEqual([]);
  });

  it('before it has ever answered is a failure, and tried again as one', async () => {
    await using house = await open(closes);
    expect(failureOf(await house.call()).kind).toBe('unavailable');
    expect(house.upstream.requests).toHaveLength(3);
    expect(house.log.lines).toHaveLength(2);
  });
});
