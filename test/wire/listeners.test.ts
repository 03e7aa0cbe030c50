import { describe, expect, it } from 'vitest';
import { openHouse } from './house.ts';
import { chat, step } from './payloads.ts';

describe('a listener without a socket', () => {
  it('follows one event from now on', async () => {
    await using house = await openHouse();
    const stop = new AbortController();
    const seen: unknown[] = [];
    const listening = (async () => {
      for await (const payload of house.wire.listen('tick', stop.signal)) {
        seen.push(payload);
        if (seen.length === 2) stop.abort();
      }
    })();
    house.wire.publish('chat', chat(1));
    house.wire.publish('tick', { ts: 1 });
    house.wire.publish('tick', { ts: 2 });
    house.wire.publish('tick', { ts: 3 });
    await listening;
    expect(seen).toEqual([{ ts: 1 }, { ts: 2 }]);
  });

  it('gets what is for subscribers, but not what is for one connection', async () => {
    await using house = await openHouse();
    const changes = house.wire.listen('sessions.changed', undefined)[Symbol.asyncIterator]();
    const steps = house.wire.listen('agent', undefined)[Symbol.asyncIterator]();
    const [change, next] = [changes.next(), steps.next()];
    house.wire.publish('sessions.changed', { ts: 1 }, { subscribedTo: 'sessions' });
    house.wire.publish('agent', step(1, 'tool'), { connection: 'c' });
    house.wire.publish('agent', step(2, 'tool'), { capability: 'tool-events' });
    house.wire.publish('agent', step(3, 'assistant'));
    expect((await change).value).toEqual({ ts: 1 });
    expect((await next).value).toMatchObject({ seq: 3 });
  });

  it('that is too slow misses droppable events, and ends at one that may not be missed', async () => {
    await using house = await openHouse({ limits: { maxListenerEvents: 2 } });
    const read = async (event: 'tick' | 'shutdown', publish: (index: number) => void) => {
      const events = house.wire.listen(event, undefined)[Symbol.asyncIterator]();
      const first = events.next();
      for (let index = 1; index <= 5; index++) publish(index);
      return { first: await first, events };
    };
    const ticks = await read('tick', (ts) => house.wire.publish('tick', { ts }));
    expect(ticks.first.value).toEqual({ ts: 1 });
    expect((await ticks.events.next()).value).toEqual({ ts: 2 });
    house.wire.publish('tick', { ts: 9 });
    expect((await ticks.events.next()).value).toEqual({ ts: 9 });
    const ends = await read('shutdown', (index) => house.wire.publish('shutdown', { reason: `${index}` }));
    expect((await ends.events.next()).value).toEqual({ reason: '2' });
    await expect(ends.events.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('ends with the gateway, and at once when its signal has fired before', async () => {
    const house = await openHouse();
    const listening = house.wire.listen('tick', undefined)[Symbol.asyncIterator]().next();
    await house[Symbol.asyncDispose]();
    expect(await listening).toEqual({ done: true, value: undefined });
    const never = house.wire.listen('tick', AbortSignal.abort())[Symbol.asyncIterator]();
    expect(await never.next()).toEqual({ done: true, value: undefined });
  });
});
