import { describe, expect, it } from 'vitest';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { type House, openHouse } from './house.ts';
import { chat, step } from './payloads.ts';
import { type AnyFrame, connectParams, dial, dialIn, type Raw } from './raw.ts';

const message = (sessionKey: string) => ({
  sessionKey,
  agentId: 'main',
  messageId: 'm',
  messageSeq: 1,
  message: {
    role: 'user' as const,
    content: [],
    timestamp: 1,
    __openclaw: { id: 'm', seq: 1, transcriptPosition: 1, recordTimestampMs: 1 },
  },
});

const events = (raw: Raw) => raw.frames.filter(({ type, event }) => type === 'event' && event !== 'connect.challenge');
/** The events so far, once everything that was published before has come through. */
const settled = async (raw: Raw): Promise<AnyFrame[]> => {
  await raw.request('health');
  return events(raw);
};
/** What the socket was let in with. */
const helloOf = (raw: Raw) => raw.frames.find(({ id }) => id === 'hello')?.payload as unknown as HelloOk;
const names = (frames: AnyFrame[]) => frames.map(({ event }) => event);

describe('an event', () => {
  it('reaches everybody with its scope, numbered from 1 without holes over what each may see', async () => {
    await using house = await openHouse();
    using reader = await dialIn(house, { scopes: ['operator.read'] });
    using writer = await dialIn(house, { scopes: ['operator.write'] });
    using nobody = await dialIn(house, { scopes: [] });
    house.wire.publish('chat', chat(1));
    house.wire.publish('tick', { ts: 5 });
    house.wire.publish('agent', step(2, 'assistant'));
    for (const raw of [reader, writer]) {
      expect(await settled(raw)).toEqual([
        { type: 'event', event: 'chat', payload: chat(1), seq: 1 },
        { type: 'event', event: 'tick', payload: { ts: 5 }, seq: 2 },
        { type: 'event', event: 'agent', payload: step(2, 'assistant'), seq: 3 },
      ]);
    }
    expect(await settled(nobody)).toEqual([{ type: 'event', event: 'tick', payload: { ts: 5 }, seq: 1 }]);
  });

  it('waits for hello', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    house.wire.publish('tick', { ts: 1 });
    await raw.connect();
    expect(await settled(raw)).toEqual([]);
  });

  it('carries text of any script unharmed', async () => {
    await using house = await openHouse();
    using raw = await dialIn(house);
    house.wire.publish('chat', chat(1, 'ü 漢 🦞  "\\'));
    expect((await raw.event('chat')).payload).toEqual(chat(1, 'ü 漢 🦞  "\\'));
  });

  it('is serialised once, however many read it', async () => {
    await using house = await openHouse();
    const raws = await Promise.all(Array.from({ length: 5 }, () => dialIn(house)));
    let times = 0;
    const payload = { ts: 7, toJSON: () => ({ ts: 7, times: ++times }) };
    house.wire.publish('tick', payload);
    for (const raw of raws) expect((await raw.event('tick')).payload).toEqual({ ts: 7, times: 1 });
    for (const raw of raws) raw[Symbol.dispose]();
  });

  it('that cannot be serialised does not hurt its publisher', async () => {
    await using house = await openHouse();
    using raw = await dialIn(house);
    house.wire.publish('tick', { ts: 1n as never });
    house.wire.publish('tick', { ts: 2 });
    expect(await settled(raw)).toMatchObject([{ payload: { ts: 2 }, seq: 1 }]);
    expect(house.log.lines).toContainEqual(expect.objectContaining({ message: 'event cannot be serialised' }));
  });

  it('of one run reaches 300 sockets, each of them in order', async () => {
    await using house = await openHouse();
    const raws: Raw[] = [];
    for (let batch = 0; batch < 15; batch++)
      raws.push(...(await Promise.all(Array.from({ length: 20 }, () => dialIn(house)))));
    for (let seq = 1; seq <= 100; seq++) house.wire.publish('agent', step(seq, 'assistant'));
    const wanted = Array.from({ length: 100 }, (_, index) => index + 1);
    for (const raw of raws) {
      const seen = await settled(raw);
      expect(seen.map(({ seq }) => seq)).toEqual(wanted);
      expect(seen.map(({ payload }) => payload?.seq)).toEqual(wanted);
      raw[Symbol.dispose]();
    }
  });

  it('ticks by itself', async () => {
    await using house = await openHouse({ limits: { tickIntervalMs: 20 } });
    using raw = await dialIn(house);
    expect((await raw.event('tick')).payload).toEqual({ ts: expect.any(Number) });
    expect((await raw.event('tick')).seq).toBe(2);
  });

  it('counts presence and health, which alone carry the state version', async () => {
    await using house = await openHouse();
    using raw = await dialIn(house);
    house.wire.publish('presence', { presence: [] });
    house.wire.publish('presence', { presence: [] });
    house.wire.publish('health', { ok: true } as never);
    house.wire.publish('tick', { ts: 1 });
    expect((await settled(raw)).map(({ stateVersion }) => stateVersion)).toEqual([
      { presence: 1, health: 0 },
      { presence: 2, health: 0 },
      { presence: 2, health: 1 },
      undefined,
    ]);
    expect(house.wire.stateVersion()).toEqual({ presence: 2, health: 1 });
    using late = await dial(house);
    expect((await late.connect()).payload?.snapshot).toMatchObject({ stateVersion: { presence: 2, health: 1 } });
  });
});

describe('an audience', () => {
  const handlers = {
    'sessions.subscribe': (_input: never, { subscriptions }: { subscriptions: { sessions(): void } | undefined }) => {
      subscriptions?.sessions();
      return { subscribed: true };
    },
    'sessions.messages.subscribe': (
      { key }: { key: string },
      { subscriptions }: { subscriptions: { messagesOf(key: string): void } | undefined },
    ) => {
      subscriptions?.messagesOf(key);
      return { subscribed: true, key };
    },
    'sessions.messages.unsubscribe': (
      { key }: { key: string },
      { subscriptions }: { subscriptions: { stopMessagesOf(key: string): void } | undefined },
    ) => {
      subscriptions?.stopMessagesOf(key);
      return { subscribed: false, key };
    },
  } as never;
  const idOf = (raw: Raw) => helloOf(raw).server.connId;

  it('of session changes are those who asked for them, on that socket', async () => {
    await using house = await openHouse({ handlers });
    using asked = await dialIn(house);
    using other = await dialIn(house);
    expect(await asked.request('sessions.subscribe')).toMatchObject({ payload: { subscribed: true } });
    house.wire.publish('sessions.changed', { ts: 1, reason: 'create' }, { subscribedTo: 'sessions' });
    expect(names(await settled(asked))).toEqual(['sessions.changed']);
    expect(await settled(other)).toEqual([]);
  });

  it('of messages are those who asked for that session, until they ask no more', async () => {
    await using house = await openHouse({ handlers });
    using raw = await dialIn(house);
    const publish = (key: string) =>
      house.wire.publish('session.message', message(key), { subscribedTo: { messagesOf: key } });
    await raw.request('sessions.messages.subscribe', { key: 'a' });
    publish('a');
    publish('b');
    await raw.request('sessions.messages.unsubscribe', { key: 'a' });
    publish('a');
    expect((await settled(raw)).map(({ payload }) => payload?.sessionKey)).toEqual(['a']);
  });

  it('that one client asks for is bounded', async () => {
    await using house = await openHouse({ handlers, limits: { maxMessageSubscriptions: 2 } });
    using raw = await dialIn(house);
    for (const key of ['a', 'b', 'a']) await raw.request('sessions.messages.subscribe', { key });
    expect(await raw.request('sessions.messages.subscribe', { key: 'c' })).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE' },
    });
  });

  it('may be one connection, which still needs the scope', async () => {
    await using house = await openHouse();
    using one = await dialIn(house);
    using two = await dialIn(house);
    using none = await dialIn(house, { scopes: [] });
    for (const raw of [one, none]) house.wire.publish('chat', chat(1), { connection: idOf(raw) });
    house.wire.publish('chat', chat(1), { connection: 'gone' });
    expect(names(await settled(one))).toEqual(['chat']);
    expect(await settled(two)).toEqual([]);
    expect(await settled(none)).toEqual([]);
  });

  it('of tool steps is the connection that started the run, if it can show them', async () => {
    await using house = await openHouse();
    using able = await dialIn(house, { caps: ['tool-events'] });
    using unable = await dialIn(house);
    const [ableId, unableId] = [idOf(able), idOf(unable)];
    for (const connection of [ableId, unableId])
      house.wire.publish('agent', step(1, 'tool'), { connection, capability: 'tool-events' });
    house.wire.publish('agent', step(2, 'item'));
    expect((await settled(able)).map(({ payload }) => payload?.stream)).toEqual(['tool', 'item']);
    expect((await settled(unable)).map(({ payload }) => payload?.stream)).toEqual(['item']);
  });
});

describe('a slow consumer', () => {
  const stall = async (house: House, raw: Raw) => {
    raw.socket.pause();
    const text = 'x'.repeat(100_000);
    // Fill what the kernel takes, then the gateway's own buffer.
    for (let count = 0; house.wire.counts().bufferedBytes < 1_000_000; count++) {
      if (count > 1_000) throw new Error('the buffer does not fill');
      house.wire.publish('chat', chat(count, text));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('misses droppable events, which the hole in seq tells it', async () => {
    await using house = await openHouse({ limits: { maxBufferedBytes: 1_000_000 } });
    using raw = await dialIn(house);
    await stall(house, raw);
    const before = house.wire.counts().bufferedBytes;
    for (let ts = 1; ts <= 5; ts++) house.wire.publish('tick', { ts });
    expect(house.wire.counts()).toMatchObject({ ready: 1, bufferedBytes: before });
    expect(house.wire.figures()).toMatchObject({ droppedEvents: 5, slowConsumers: 0, bufferedBytes: before });
    expect(house.stability.read({ limit: 10 }).events).toMatchObject([
      { type: 'payload.large', reason: 'ws_send_buffer_drop', action: 'dropped', limitBytes: 1_000_000 },
    ]);
    raw.socket.resume();
    await expect.poll(() => house.wire.counts().bufferedBytes).toBe(0);
    house.wire.publish('tick', { ts: 99 });
    const tick = await raw.event('tick');
    expect(tick.payload).toEqual({ ts: 99 });
    const lastChat = raw.frames.findLast(({ event }) => event === 'chat');
    expect(tick.seq).toBe(Number(lastChat?.seq) + 6);
    // They are still counted when the client has gone.
    raw.socket.terminate();
    await expect.poll(() => house.wire.figures()).toMatchObject({ clients: [], droppedEvents: 5 });
  });

  it('is closed 1008 when it would miss another; the rest go on', async () => {
    await using house = await openHouse({ limits: { maxBufferedBytes: 1_000_000, closeTimeoutMs: 5_000 } });
    using other = await dialIn(house, { scopes: [] });
    using raw = await dialIn(house);
    await stall(house, raw);
    house.wire.publish('shutdown', { reason: 'gateway stopping' });
    raw.socket.resume();
    expect(await raw.closed).toEqual({ code: 1008, reason: 'slow consumer' });
    const one = { slowConsumers: 1, clients: [{ role: 'operator', count: 1 }] };
    await expect.poll(() => house.wire.figures()).toMatchObject(one);
    expect(names(await settled(other))).toEqual(['shutdown']);
  });

  it('is held to its share when all together are slow', async () => {
    const limits = { maxBufferedBytes: 50_000_000, maxTotalBufferedBytes: 1_000_000, minBufferedShareBytes: 100_000 };
    await using house = await openHouse({ limits });
    using raw = await dialIn(house);
    await stall(house, raw);
    for (let ts = 1; ts <= 3; ts++) house.wire.publish('tick', { ts });
    const { bufferedBytes } = house.wire.counts();
    house.wire.publish('chat', chat(1, 'x'.repeat(500_000)));
    expect(house.wire.counts().bufferedBytes).toBe(bufferedBytes);
  });
});

describe('presence', () => {
  const ui = { client: { id: 'openclaw-macos', mode: 'ui', version: '2.0', platform: 'macos', displayName: 'Desk' } };

  it('shows clients of people and tells everybody when they come and go', async () => {
    await using house = await openHouse();
    using watcher = await dialIn(house, { scopes: [] });
    const raw = await dial(house);
    await raw.connect({ ...ui, client: { ...ui.client, instanceId: 'i' } });
    const entry = {
      host: 'Desk',
      mode: 'ui',
      version: '2.0',
      platform: 'macos',
      reason: 'connect',
      roles: ['operator'],
      instanceId: 'i',
      text: 'Client: Desk · 2.0 · ui',
    };
    expect(helloOf(raw).snapshot.presence).toMatchObject([{ mode: 'gateway' }, entry]);
    expect((await watcher.event('presence')).payload?.presence).toMatchObject([{ mode: 'gateway' }, entry]);
    expect(house.wire.presence()).toHaveLength(2);
    raw.socket.close();
    expect((await watcher.event('presence')).payload?.presence).toMatchObject([{ mode: 'gateway', reason: 'self' }]);
    expect(house.wire.presence()).toHaveLength(1);
  });

  it.each(['cli', 'backend', 'probe', 'test'])('does not show mode %s', async (mode) => {
    await using house = await openHouse();
    using watcher = await dialIn(house);
    using raw = await dialIn(house, { client: { ...connectParams.client, mode } });
    raw.socket.close();
    await raw.closed;
    expect(await settled(watcher)).toEqual([]);
    expect(house.wire.presence()).toHaveLength(1);
  });
});

describe('the end', () => {
  it('is told to everybody who is through, with why and for how long; then 1012', async () => {
    const house = await openHouse();
    using reader = await dialIn(house);
    using nobody = await dialIn(house, { scopes: [] });
    using opening = await dial(house);
    const goodbye = { reason: 'gateway restarting', restartExpectedMs: 1500 };
    await Promise.all([house.wire.close(goodbye), house.wire.close(goodbye)]);
    for (const raw of [reader, nobody]) {
      expect(await raw.closed).toEqual({ code: 1012, reason: 'service restart' });
      expect(events(raw)).toEqual([
        {
          type: 'event',
          event: 'shutdown',
          payload: { reason: 'gateway restarting', restartExpectedMs: 1500 },
          seq: 1,
        },
      ]);
    }
    expect(await opening.closed).toEqual({ code: 1012, reason: 'service restart' });
    expect(names(opening.frames)).toEqual(['connect.challenge']);
    await house[Symbol.asyncDispose]();
  });

  it('does not wait for a client that does not answer its close', async () => {
    const house = await openHouse({ limits: { closeTimeoutMs: 50 } });
    using raw = await dialIn(house);
    raw.socket.pause();
    await house.wire.close({ reason: 'gateway stopping' });
    expect(house.wire.counts().ready).toBe(0);
    await house[Symbol.asyncDispose]();
  });

  it('lets nobody new in while it comes', async () => {
    await using house = await openHouse();
    using opening = await dial(house);
    using ready = await dialIn(house);
    house.wire.drain();
    await expect(dial(house)).rejects.toThrow('503');
    expect((await opening.connect()).error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await opening.closed).toEqual({ code: 1013, reason: 'gateway stopping' });
    expect(await ready.request('health')).toMatchObject({ ok: true });
  });
});
