import { describe, expect, it } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import { scratch } from '../scratch.ts';
import { hold, say } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

describe('the start after a crash', () => {
  it('marks broken runs, keeps every accepted message and what was written of the reply', async () => {
    await using folder = await scratch();
    const first = hold('half a reply', '');
    const before = await openAgentRooms({ 'test/one': [first.script] }, { folder: folder.path });
    const { run } = await before.start({ runId: 'r1', text: 'first' });
    await first.begun;
    await before.start({ runId: 'r2', text: 'second' });
    expect(before.runs.events('r1', 0, 100).events.map((event) => event.data.delta)).toContain('half a reply');
    const seen = before.told('agent').at(-1)?.seq ?? 0;
    await before.database.durable();
    await before.database.close(); // as good as dead: nobody recorded an end

    await using after = await openAgentRooms({ 'test/one': [say('back')] }, { folder: folder.path });
    expect(after.recovered).toBe(2);
    for (const runId of ['r1', 'r2'])
      expect(after.runs.find(runId)).toMatchObject({ status: 'interrupted', stopReason: 'crash' });
    const { messages } = after.sessions.history('agent:main:main', { limit: 10, offset: 0 });
    expect(messages.map((message) => [message.role, toText(message)])).toEqual([
      ['user', 'first'],
      ['assistant', 'half a reply'],
      ['user', 'second'],
      ['assistant', ''],
    ]);
    expect(after.sessions.find('agent:main:main')).toMatchObject({ hasActiveRun: false, status: 'failed' });
    const later = after.runs.events('r1', seen, 100).events;
    expect(later.at(-1)?.data).toMatchObject({ phase: 'error', aborted: true });
    expect(await (await after.start({ runId: 'r3', text: 'third' })).run?.ended).toMatchObject({
      status: 'ok',
      text: 'back',
    });
    run?.abort('rpc');
  });
});
