import { describe, expect, it } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { callTool, fail, hold, type Script, say, sayFor } from '../scripted-model.ts';
import { isSummary, key, rowsOf, run, talk, textOf, withThree } from './compacting.ts';
import { openAgentRooms } from './fixture.ts';

describe('runs and compactions', () => {
  it('wait for each other', async () => {
    const gate = hold('a', ' summary');
    await using rooms = await withThree(talk(gate.script));
    const outcome = rooms.compaction.compact({ key, agent: rooms.agent });
    await gate.begun;
    await expect(rooms.compaction.compact({ key, agent: rooms.agent })).rejects.toMatchObject({
      details: { code: 'SESSION_BUSY' },
    });
    const { run: live } = await rooms.start({ runId: 'fourth', text: 'fourth' });
    expect(rooms.models.requests).toHaveLength(1);
    gate.release();
    expect(await outcome).toMatchObject({ compacted: true });
    await live?.ended;
    expect(textOf(rooms.models.requests[1] as ModelRequest)).toMatch(/a summary.*third.*fourth/);
  });

  it('a run that waits for one can be aborted', async () => {
    const gate = hold('a', ' summary');
    await using rooms = await withThree(talk(gate.script));
    const outcome = rooms.compaction.compact({ key, agent: rooms.agent });
    await gate.begun;
    const { run: live } = await rooms.start({ runId: 'fourth', text: 'fourth' });
    live?.abort('rpc');
    expect(await live?.ended).toMatchObject({ status: 'aborted' });
    gate.release();
    await outcome;
  });

  it('makes room by itself before the window is full, with the newest count of the provider', async () => {
    const facts = { 'test/one': { contextWindow: 20_000 } };
    let turn = 0;
    const script: Script = (request, signal) => {
      if (isSummary(request)) return say('a summary')(request, signal);
      turn++;
      return sayFor({ input: turn === 3 ? 16_000 : 10, output: 5 }, `reply ${turn}`)(request, signal);
    };
    await using rooms = await withThree(script, { facts });
    await run(rooms, 'fourth');
    expect(rooms.models.requests.map(isSummary)).toEqual([true, false]);
    expect(textOf(rooms.models.requests[1] as ModelRequest)).toMatch(/a summary.*third.*fourth/);
    expect(rooms.told('session.operation').map(({ phase }) => phase)).toEqual(['start', 'end']);
    await run(rooms, 'fifth');
    expect(rooms.models.requests.map(isSummary)).toEqual([true, false, false]);
  });

  it('look back on no more of a long conversation than windows hold', async () => {
    const facts = { 'test/one': { contextWindow: 2000 } };
    await using rooms = await openAgentRooms({ 'test/one': [talk()] }, { facts });
    rooms.sessions.ensure(key);
    const add = (role: 'user' | 'assistant', n: number) =>
      rooms.sessions.append(key, { role, content: [{ type: 'text', text: `<${n}>${' word'.repeat(160)}` }] });
    for (let n = 0; n < 300; n++) add(n % 2 ? 'assistant' : 'user', n);
    expect(await run(rooms, 'now')).toMatchObject({ status: 'ok' });
    const { requests } = rooms.models;
    const sizes = requests.map((request) => textOf(request).length);
    expect(Math.max(...sizes)).toBeLessThan(8000);
    // Four windows, half a one at a time.
    expect(requests.filter(isSummary).length).toBeGreaterThan(4);
    expect(requests.filter(isSummary).length).toBeLessThan(12);
    expect(textOf(requests[0] as ModelRequest)).toMatch(/<26\d>/);
    expect(requests.map(textOf).join('')).not.toContain('<250>');
    expect(textOf(requests.at(-1) as ModelRequest)).toMatch(/a summary.*<29\d>.*now/);
  });

  it('goes on without, when no summary is to be had', async () => {
    const facts = { 'test/one': { contextWindow: 1000 }, 'test/two': { contextWindow: 1000 } };
    const script: Script = (request, signal) =>
      (isSummary(request) ? fail('down') : sayFor({ input: 900, output: 1 }, 'reply'))(request, signal);
    await using rooms = await withThree(script, { facts });
    expect(await run(rooms, 'fourth')).toMatchObject({ status: 'ok' });
  });

  it('does not by itself where the configuration says so', async () => {
    const facts = { 'test/one': { contextWindow: 1000 } };
    const config = { agents: { defaults: { compaction: { enabled: false } } } };
    await using rooms = await withThree(talk(), { facts, config });
    await run(rooms, 'word '.repeat(2000));
    expect(rooms.models.requests.some(isSummary)).toBe(false);
  });

  const tooLong: Script = function* () {
    const message = 'the conversation is too long';
    yield {
      type: 'failure',
      failure: { kind: 'context_length', message, provider: 'test', model: 'one', retryable: false },
    };
  };

  it('compacts and asks once more when a provider finds the conversation too long', async () => {
    let refusals = 1;
    const script = talk();
    await using rooms = await withThree((request, signal) => {
      const isRefused = !isSummary(request) && textOf(request).includes('fourth') && refusals-- > 0;
      return (isRefused ? tooLong : script)(request, signal);
    });
    expect(await run(rooms, 'fourth')).toMatchObject({ status: 'ok' });
    expect(rooms.models.requests.map(isSummary)).toEqual([false, true, false]);
    expect(rowsOf(rooms).filter((row) => row.errorMessage)).toEqual([]);
    expect(toText(rowsOf(rooms).at(-1) as never)).toBe('reply 4');
  });

  it('does so in the middle of a run, with what its tools have answered', async () => {
    let turn = 0;
    await using rooms = await withThree((request, signal) => {
      if (isSummary(request)) return say('a summary')(request, signal);
      const lines: Script[] = [say('1'), say('2'), say('3'), callTool('agents_list'), tooLong, say('done')];
      return (lines[turn++] ?? say('more'))(request, signal);
    });
    expect(await run(rooms, 'fourth')).toMatchObject({ status: 'ok' });
    const last = rooms.models.requests.at(-1);
    expect(last?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(textOf(last as ModelRequest)).toMatch(/a summary.*fourth.*agents_list/);
  });

  it('gives up when it is too long still', async () => {
    const script = talk();
    await using rooms = await withThree((request, signal) =>
      (!isSummary(request) && textOf(request).includes('fourth') ? tooLong : script)(request, signal),
    );
    expect(await run(rooms, 'fourth', { model: 'test/one' })).toMatchObject({ status: 'error' });
    expect(rooms.models.requests.map(isSummary)).toEqual([false, true, false]);
    expect(rooms.told('chat').at(-1)).toMatchObject({ state: 'error', errorKind: 'context_length' });
  });
});
