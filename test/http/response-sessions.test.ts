import { describe, expect, it } from 'vitest';
import { callTool, fail, say } from '../scripted-model.ts';
import { answerTo, ask, weather } from './asked-responses.ts';
import { openHouse, readError } from './house.ts';
import { readAsked, readTranscript } from './transcript.ts';

const answers = ['a1', 'a2', 'a3', 'a4'].map((text) => say(text));

describe('previous_response_id', () => {
  it('goes on from the newest response without a marker', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    await answerTo(house, { input: 'q2', previous_response_id: first.id });
    expect(readAsked(house, 1)).toEqual(['user: q1', 'assistant: a1', 'user: q2']);
    expect(readTranscript(house, 'agent:main:http:user:ann')).toEqual([
      'user: q1',
      'assistant: a1',
      'user: q2',
      'assistant: a2',
    ]);
  });

  it('of an older response tells the model the conversation up to that one, and keeps the rest before a marker', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    const second = await answerTo(house, { input: 'q2', previous_response_id: first.id });
    const branch = await answerTo(house, { input: 'q2 otherwise', previous_response_id: first.id });
    expect(readAsked(house, 2)).toEqual(['user: q1', 'assistant: a1', 'user: q2 otherwise']);
    expect(readTranscript(house, 'agent:main:http:user:ann')).toEqual([
      '-- rewind',
      'user: q1 (copied)',
      'assistant: a1 (copied)',
      'user: q2 otherwise',
      'assistant: a3',
    ]);
    // Both branches can be gone on with.
    await answerTo(house, { input: 'q3', previous_response_id: second.id });
    expect(readAsked(house, 3)).toEqual(['user: q1', 'assistant: a1', 'user: q2', 'assistant: a2', 'user: q3']);
    await answerTo(house, { input: 'q4', previous_response_id: branch.id });
    expect(readAsked(house, 4)).toEqual([
      'user: q1',
      'assistant: a1',
      'user: q2 otherwise',
      'assistant: a3',
      'user: q4',
    ]);
  });

  it('branches a conversation that nobody named, too', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1' });
    await answerTo(house, { input: 'q2', previous_response_id: first.id });
    await answerTo(house, { input: 'q2 otherwise', previous_response_id: first.id });
    expect(readAsked(house, 2)).toEqual(['user: q1', 'assistant: a1', 'user: q2 otherwise']);
    expect(house.rooms.sessions.list({ limit: 9, offset: 0, archived: 'all' }).total).toBe(0);
  });

  it('knows what the first request brought along', async () => {
    await using house = await openHouse(answers);
    const input = [
      { role: 'user', content: 'q0' },
      { role: 'assistant', content: 'a0' },
      { role: 'user', content: 'q1' },
    ];
    const first = await answerTo(house, { input });
    await answerTo(house, { input: 'q2', previous_response_id: first.id });
    expect(readAsked(house, 1)).toEqual(['user: q0', 'assistant: a0', 'user: q1', 'assistant: a1', 'user: q2']);
  });

  it('holds also after the session was reset', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    house.rooms.sessions.reset('agent:main:http:user:ann', 'reset');
    await answerTo(house, { input: 'q2', previous_response_id: first.id });
    expect(readAsked(house, 1)).toEqual(['user: q1', 'assistant: a1', 'user: q2']);
  });

  it('takes results of calls of a response that is not the newest', async () => {
    await using house = await openHouse([callTool('weather', {}, 'c-1'), say('Sunny.'), say('Rainy.')]);
    const first = await answerTo(house, { input: 'q1', tools: [weather], user: 'ann' });
    const result = (output: string) => ({
      input: [{ type: 'function_call_output', call_id: 'c-1', output }],
      previous_response_id: first.id,
    });
    await answerTo(house, result('sun'));
    await answerTo(house, result('rain'));
    expect(readAsked(house, 2)).toEqual(['user: q1', 'assistant: [call c-1]', 'tool: rain']);
  });

  it('asked for once more after a failure leaves no branch behind', async () => {
    const down = Array.from({ length: 4 }, () => fail('down'));
    await using house = await openHouse([say('a1'), ...down, say('a2')]);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    const next = { input: 'q2', previous_response_id: first.id };
    let answer = await ask(house, next);
    expect(answer.status).toBe(502);
    while (answer.status !== 200) answer = await ask(house, next);
    expect(readTranscript(house, 'agent:main:http:user:ann')).not.toContain('-- rewind');
  });

  it('is refused when its session is gone, another agent has it, or it is none', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    const refused = { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' };
    const next = { input: 'q2', previous_response_id: first.id };
    expect(await readError(await ask(house, { ...next, model: 'openclaw/ops' }))).toMatchObject(refused);
    expect(await readError(await ask(house, { ...next, previous_response_id: 'resp_none' }))).toMatchObject(refused);
    house.rooms.sessions.delete('agent:main:http:user:ann');
    expect(await readError(await ask(house, next))).toMatchObject(refused);
  });

  it('is refused in another session than its own, and in one that nobody may name', async () => {
    await using house = await openHouse(answers);
    const first = await answerTo(house, { input: 'q1', user: 'ann' });
    const goOn = (key: string) =>
      house.ask('/v1/responses', {
        body: { input: 'q2', user: 'bob', previous_response_id: first.id },
        headers: { 'x-openclaw-session-key': key },
      });
    expect(await readError(await goOn('novel'))).toMatchObject({ status: 400, code: 'previous_response_not_found' });
    expect(await readError(await goOn('cron:x'))).toMatchObject({ status: 400, param: 'x-openclaw-session-key' });
    const same = await goOn('http:user:ann');
    expect([same.status, same.headers.get('x-openclaw-session-key')]).toEqual([200, 'agent:main:http:user:ann']);
  });
});
