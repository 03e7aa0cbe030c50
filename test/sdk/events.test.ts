import { describe, expect, it } from 'vitest';
import type { Gap, GatewayEvent } from '../../sdk/index.node.ts';
import { failure, openClient } from './client.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** Waits for the next of something that a listener hears. */
function next<T>(listen: (heard: (value: T) => void) => () => void): Promise<T> {
  return new Promise((resolve) => {
    const stop = listen((value) => {
      stop();
      resolve(value);
    });
  });
}

describe('events', () => {
  it('reach the listeners of their name until they stop', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const ticks: number[] = [];
    const stop = oc.on('tick', ({ ts }) => ticks.push(ts));
    gateway.connection.event('tick', { ts: 1 });
    gateway.connection.event('presence', { presence: [] });
    gateway.connection.event('tick', { ts: 2 });
    await next((heard) => oc.on('tick', ({ ts }) => ts === 2 && heard(ts)));
    stop();
    stop();
    const third = next((heard) => oc.on('tick', heard));
    gateway.connection.event('tick', { ts: 3 });
    await third;
    expect(ticks).toEqual([1, 2]);
  });

  it('connect the client that listens', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    const heard = next((listener) => oc.on('tick', listener));
    await gateway.until(() => gateway.connections.length === 1);
    gateway.connection.event('tick', { ts: 1 });
    expect(await heard).toEqual({ ts: 1 });
  });

  it('can be iterated, each loop on its own, and leaving a loop releases its listener', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const collect = async (count: number) => {
      const events: string[] = [];
      for await (const { event, payload, seq } of oc.events) {
        events.push(`${seq} ${event} ${JSON.stringify(payload)}`);
        if (events.length === count) break;
      }
      return events;
    };
    const both = Promise.all([collect(1), collect(2)]);
    gateway.connection.event('tick', { ts: 1 });
    gateway.connection.event('future.event', { new: true });
    expect(await both).toEqual([['1 tick {"ts":1}'], ['1 tick {"ts":1}', '2 future.event {"new":true}']]);
  });

  it('end when the client is closed, and throw the reason when it closed itself', async () => {
    await using gateway = await startScriptedGateway();
    const oc = openClient(gateway.url);
    await oc.connect();
    const loop = (async () => {
      const events: GatewayEvent[] = [];
      for await (const event of oc.events) events.push(event);
      return events;
    })();
    gateway.connection.event('tick', { ts: 1 });
    await next((heard) => oc.on('tick', heard));
    await oc.close();
    expect(await loop).toHaveLength(1);
    const lost = openClient(gateway.url, { reconnect: false });
    await lost.connect();
    const failing = failure(
      (async () => {
        for await (const _ of lost.events);
      })(),
    );
    gateway.drop();
    expect((await failing).code).toBe('CONNECTION_LOST');
  });

  it('report a hole in their numbers, by listener and in the loop', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const gap = next<Gap>((heard) => oc.on('gap', heard));
    const loop = (async () => {
      const events: string[] = [];
      for await (const { event } of oc.events) {
        events.push(event);
        if (events.length === 3) return events;
      }
      return events;
    })();
    gateway.connection.event('tick', { ts: 1 });
    gateway.connection.skip(4);
    gateway.connection.event('tick', { ts: 6 });
    expect(await gap).toEqual({ expectedSeq: 2, receivedSeq: 6, missed: 4 });
    expect(await loop).toEqual(['tick', 'gap', 'tick']);
  });

  it('are counted anew on each connection', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const gaps: Gap[] = [];
    oc.on('gap', (gap) => gaps.push(gap));
    for (const ts of [1, 2]) gateway.connection.event('tick', { ts });
    await next((heard) => oc.on('tick', ({ ts }) => ts === 2 && heard(ts)));
    gateway.drop();
    await gateway.until(() => gateway.connections.length === 2);
    const third = next((heard) => oc.on('tick', heard));
    gateway.connection.event('tick', { ts: 3 });
    await third;
    expect(gaps).toEqual([]);
  });

  it('lose the oldest for a loop that is far too slow, and say how many', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const iterator = oc.events[Symbol.asyncIterator]();
    const all = next((heard) => oc.on('tick', ({ ts }) => ts === 10_001 && heard(ts)));
    for (let ts = 1; ts <= 10_001; ts++) gateway.connection.event('tick', { ts });
    await all;
    const { value } = await iterator.next();
    expect(value).toEqual({ event: 'gap', payload: { expectedSeq: 1, receivedSeq: 10_001, missed: 10_001 } });
    await iterator.return?.();
  });

  it('reach the other listeners when one throws', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      oc.on('tick', () => {
        throw new Error('mine');
      });
      const heard = next((listener) => oc.on('tick', listener));
      gateway.connection.event('tick', { ts: 1 });
      expect(await heard).toEqual({ ts: 1 });
      expect(await uncaught).toMatchObject({ message: 'mine' });
    } finally {
      for (const listener of others) process.on('uncaughtException', listener);
    }
    expect(oc.state.status).toBe('ready');
  });

  it('of sessions are asked for by listening, and again on every new connection', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.subscribe', () => ({ subscribed: true }));
    gateway.answers.set('sessions.messages.subscribe', ({ key }: { key: string }) => ({ subscribed: true, key }));
    gateway.answers.set('sessions.messages.unsubscribe', ({ key }: { key: string }) => ({ subscribed: false, key }));
    await using oc = openClient(gateway.url);
    oc.on('sessions.changed', () => {});
    for (const key of ['a', 'b']) await oc.rpc.sessions['messages.subscribe'].query({ key });
    await oc.rpc.sessions['messages.unsubscribe'].query({ key: 'a' });
    gateway.drop();
    await gateway.until(() => gateway.connections.length === 2 && gateway.connection.requests.length === 2);
    expect(gateway.connection.requests.map(({ method, params }) => [method, params])).toEqual([
      ['sessions.subscribe', {}],
      ['sessions.messages.subscribe', { key: 'b' }],
    ]);
  });
});
