import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { ModelFailure } from '../../server/models/provider.ts';
import { callTool, hold, type Script, say, usage } from '../scripted-model.ts';
import { type House, openHouse } from './house.ts';
import { type LobeMessage, type LobeOptions, lobeChat } from './programs/lobe-chat.ts';
import { readAsked, readTranscript } from './transcript.ts';

const user = 'user_2xYzAbCdEfGhIjKlMnOpQrStUv';
const key = `agent:main:http:user:${user}`;
const open = (house: House, more: Partial<LobeOptions> = {}) => lobeChat({ url: `${house.url}/v1`, user, ...more });

const system: LobeMessage = { role: 'system', content: 'You are a gardener.' };
const said = (content: string): LobeMessage => ({ role: 'user', content });
const answered = (content: string): LobeMessage => ({ role: 'assistant', content });

const refuse = (kind: ModelFailure['kind']): Script =>
  function* () {
    const failure = { kind, message: kind, provider: 'test', model: 'one', retryable: false };
    yield { type: 'failure', failure: { ...failure, httpStatus: 400 } };
  };

const tool = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
};
const call = { id: 'c-1', type: 'function' as const, function: { name: 'weather', arguments: '{"city":"Graz"}' } };

describe('LobeChat', () => {
  it('lists the agents, of which it hides those whose names look like other models', async () => {
    await using house = await openHouse(say('a'));
    expect(await open(house).models()).toEqual(['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/ops']);
  });

  it('shows a conversation with its tokens; the session of the account holds it once, without instructions', async () => {
    await using house = await openHouse([say('Plant', ' it.'), say('In March.'), say('Yes.')]);
    const chat = open(house);
    const first = await chat.chat([system, said('A rose?')]);
    expect(first).toMatchObject({ text: 'Plant it.', usage: { input: usage.input, output: usage.output } });
    const told = [system, said('A rose?'), answered('Plant it.'), said('When?')];
    await chat.chat(told);
    await chat.chat([...told, answered('In March.'), said('Sure?')]);
    expect(readAsked(house, 2)).toHaveLength(5);
    expect(readTranscript(house, key)).toEqual([
      'user: A rose?',
      'assistant: Plant it.',
      'user: When?',
      'assistant: In March.',
      'user: Sure?',
      'assistant: Yes.',
    ]);
  });

  it('sends only the newest messages where an assistant is set so, and the session keeps all', async () => {
    await using house = await openHouse([say('One.'), say('Two.'), say('Three.')]);
    const chat = open(house);
    await chat.chat([said('One?')]);
    await chat.chat([said('One?'), answered('One.'), said('Two?')]);
    await chat.chat([said('Two?'), answered('Two.'), said('Three?')]);
    expect(readAsked(house, 2)).toEqual(['user: Two?', 'assistant: Two.', 'user: Three?']);
    expect(readTranscript(house, key)).toHaveLength(6);
    expect(readTranscript(house, key)).not.toContain('-- rewind');
  });

  it('begins another topic under the same account, whose model knows nothing of the first', async () => {
    await using house = await openHouse([say('One.'), say('Two.'), say('Bread.')]);
    const chat = open(house);
    await chat.chat([said('One?')]);
    await chat.chat([said('One?'), answered('One.'), said('Two?')]);
    await chat.chat([said('How to bake?')]);
    expect(readAsked(house, 2)).toEqual(['user: How to bake?']);
    expect(readTranscript(house, key)).toEqual(['-- rewind', 'user: How to bake?', 'assistant: Bread.']);
  });

  it('has a title made for a topic while an answer is written, and it is not in the session', async () => {
    const slow = hold('Slow', 'ly.');
    await using house = await openHouse([slow.script, say('Garden Roses')]);
    const chat = open(house);
    const asked = chat.chat([said('A rose?')]);
    await slow.begun;
    expect((await chat.title([said('A rose?'), answered('Plant it.')])).text).toBe('Garden Roses');
    slow.release();
    await asked;
    expect(readTranscript(house, key)).toEqual(['user: A rose?', 'assistant: Slowly.']);
  });

  it('runs its plugins, and the session has call and result once', async () => {
    await using house = await openHouse([callTool('weather', { city: 'Graz' }, 'c-1'), say('Sunny.')]);
    const chat = open(house);
    const { calls } = await chat.chat([said('Weather?')], { tools: [tool] });
    expect(calls).toEqual([{ id: 'c-1', name: 'weather', arguments: '{"city":"Graz"}' }]);
    const result: LobeMessage = { role: 'tool', tool_call_id: 'c-1', content: 'sun' };
    const called: LobeMessage = { role: 'assistant', content: '', tool_calls: [call] };
    expect((await chat.chat([said('Weather?'), called, result], { tools: [tool] })).text).toBe('Sunny.');
    expect(readTranscript(house, key)).toEqual([
      'user: Weather?',
      'assistant: [call c-1]',
      'result of c-1: sun',
      'assistant: Sunny.',
    ]);
  });

  it('fills in a form', async () => {
    await using house = await openHouse(say('{"city":"Graz"}'));
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    expect(await open(house).object([said('Where?')], { name: 'place', schema })).toEqual({ city: 'Graz' });
  });

  it('speaks the responses API, in which nothing is kept', async () => {
    await using house = await openHouse([say('One.'), callTool('weather', {}, 'c-1'), say('Sunny.')]);
    const chat = open(house);
    expect(await chat.respond([system, said('One?')])).toMatchObject({ text: 'One.', usage: { input: usage.input } });
    expect(house.rooms.models.requests[0]?.system).toContain('You are a gardener.');
    const told = [said('One?'), answered('One.'), said('Weather?')];
    const tools = [{ type: 'function', ...tool.function }];
    expect((await chat.respond(told, { tools })).calls).toMatchObject([{ id: 'c-1', name: 'weather' }]);
    const called: LobeMessage = { role: 'assistant', content: '', tool_calls: [call] };
    const result: LobeMessage = { role: 'tool', tool_call_id: 'c-1', content: 'sun' };
    expect((await chat.respond([...told, called, result], { tools })).text).toBe('Sunny.');
    expect(readAsked(house, 2).slice(-2)).toEqual(['assistant: [call c-1]', 'tool: sun']);
    expect(house.rooms.sessions.list({ limit: 9, offset: 0, archived: 'all' }).total).toBe(0);
  });

  it('stops an answer', async () => {
    const long = hold('A long st', 'ory.');
    await using house = await openHouse(long.script);
    const stop = new AbortController();
    const asked = open(house)
      .chat([said('Tell.')], {}, stop.signal)
      .catch(() => undefined);
    await long.begun;
    stop.abort();
    await asked;
    await expect.poll(() => readTranscript(house, key)).toEqual(['user: Tell.', 'assistant: A long st']);
  });

  it.each([
    ['context_length', 400, 'context_length_exceeded'],
    ['quota', 429, 'insufficient_quota'],
    ['auth', 502, 'provider_auth'],
  ] as const)('knows a failure of the kind %s by its code', async (kind, status, code) => {
    await using house = await openHouse(refuse(kind));
    const failure = await open(house)
      .chat([said('Hi')])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(failure).toMatchObject({ status, code });
  });

  it('knows a model that is not there, and a wrong key', async () => {
    await using house = await openHouse(say('a'));
    await expect(open(house, { model: 'gpt-5' }).chat([said('Hi')])).rejects.toMatchObject({ code: 'model_not_found' });
    const client = new OpenAI({ apiKey: 'wrong', baseURL: `${house.url}/v1`, maxRetries: 0 });
    await expect(client.models.list()).rejects.toMatchObject({ status: 401 });
  });
});
