import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { toText } from '../../sdk/protocol/text.ts';
import { openAgentRooms } from '../agent/fixture.ts';
import { hold, say } from '../scripted-model.ts';

describe('a run', () => {
  it('is not ended, and nobody else kept from watching, by a watcher that throws', async () => {
    const held = hold('first', ' and last');
    await using rooms = await openAgentRooms({ 'test/one': [held.script] });
    const { run } = await rooms.start({ runId: 'r' });
    run?.watch(() => {
      throw new Error('a fault of the one who watches');
    });
    const seen: string[] = [];
    run?.watch((step) => void seen.push(step.type));
    held.release();
    expect(await run?.ended).toMatchObject({ status: 'ok', text: 'first and last' });
    expect(seen.at(-1)).toBe('ended');
    expect(rooms.runs.find('r')).toMatchObject({ status: 'ok' });
  });

  it('whose acceptance the disk did not confirm was not accepted; asked for again, it is, once', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('yes')] });
    const { durable } = rooms.database;
    rooms.database.durable = () => Promise.reject(new GatewayError('UNAVAILABLE', 'could not write'));
    await expect(rooms.start({ runId: 'r', text: 'once' })).rejects.toThrow('could not write');
    expect(rooms.runs.counts()).toEqual({ active: 0, queued: 0 });
    rooms.database.durable = durable;
    const [one, two] = await Promise.all([
      rooms.start({ runId: 'r', text: 'once' }),
      rooms.start({ runId: 'r', text: 'once' }),
    ]);
    expect([one.replayed, two.replayed]).toEqual([false, true]);
    expect(await one.run?.ended).toMatchObject({ status: 'ok', text: 'yes' });
    const { messages } = rooms.sessions.history('agent:main:main', { limit: 10, offset: 0 });
    expect(messages.map(toText)).toEqual(['once', 'yes']);
  });

  it('that is waited for many times leaves nothing behind on the signal of the connection', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('x')] });
    const { signal } = new AbortController();
    for (let n = 0; n < 50; n++)
      expect(await rooms.runs.wait(`unknown-${n}`, { timeoutMs: 0, signal })).toMatchObject({ status: 'timeout' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
