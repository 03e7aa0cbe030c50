import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { callTool, fail, hold, say, usage } from '../scripted-model.ts';
import { type House, openHouse } from './house.ts';
import { type LibreOptions, libreChat } from './programs/libre-chat.ts';
import { png, readAsked, readTranscript } from './transcript.ts';

const account = '65f1c0ffee65f1c0ffee65f1';
const key = `agent:main:http:user:${account}`;
const open = (house: House, more: Partial<LibreOptions> = {}) =>
  libreChat({ url: `${house.url}/v1`, user: account, ...more });

const said = (text: string) => new HumanMessage(text);
const answered = (text: string) => new AIMessage(text);

const weather = {
  type: 'function' as const,
  function: { name: 'weather', description: 'The weather.', parameters: { type: 'object', properties: {} } },
};

describe('LibreChat', () => {
  it('fetches the models, within its five seconds, also with the account in the query', async () => {
    await using house = await openHouse(say('a'));
    const names = ['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/ops'];
    expect(await open(house).models()).toEqual(names);
    expect(await open(house).models(true)).toEqual(names);
  });

  it('shows a conversation with its tokens, of which the session holds each message once', async () => {
    await using house = await openHouse([say('Hel', 'lo.'), say('Two.'), say('Three.')]);
    const chat = open(house);
    const told: BaseMessage[] = [new SystemMessage('Be brief.')];
    for (const question of ['One?', 'Two?', 'Three?']) {
      told.push(said(question));
      const { text, usage: tokens } = await chat.ask(told);
      expect(tokens).toEqual({ input: usage.input, output: usage.output });
      told.push(answered(text));
    }
    expect(readAsked(house, 2)).toEqual([
      'user: One?',
      'assistant: Hello.',
      'user: Two?',
      'assistant: Two.',
      'user: Three?',
    ]);
    expect(house.rooms.models.requests[2]?.system).toContain('Be brief.');
    expect(readTranscript(house, key)).toEqual([
      'user: One?',
      'assistant: Hello.',
      'user: Two?',
      'assistant: Two.',
      'user: Three?',
      'assistant: Three.',
    ]);
  });

  it('begins each conversation of an account anew, from its first message on, and goes back to an earlier one', async () => {
    await using house = await openHouse([say('One.'), say('Bread.'), say('Two.')]);
    const chat = open(house);
    await chat.ask([said('One?')]);
    await chat.ask([said('How to bake?')]);
    expect(readAsked(house, 1)).toEqual(['user: How to bake?']);
    await chat.ask([said('One?'), answered('One.'), said('Two?')]);
    expect(readAsked(house, 2)).toEqual(['user: One?', 'assistant: One.', 'user: Two?']);
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: One? (brought)',
      'assistant: One. (brought)',
      'user: Two?',
      'assistant: Two.',
    ]);
  });

  it('has a session for each conversation where its headers name them', async () => {
    await using house = await openHouse([say('One.'), say('Bread.'), say('Two.'), say('A Title')]);
    const inConversation = (id: string) => open(house, { headers: { 'x-openclaw-chat-id': id } });
    await inConversation('conv-a').ask([said('One?')]);
    await inConversation('conv-b').ask([said('How to bake?')]);
    await inConversation('conv-a').ask([said('One?'), answered('One.'), said('Two?')]);
    expect(await inConversation('conv-a').title('User: One?')).toBe('A Title');
    expect(readTranscript(house, 'agent:main:http:chat:conv-a')).toEqual([
      'user: One?',
      'assistant: One.',
      'user: Two?',
      'assistant: Two.',
    ]);
    expect(readTranscript(house, 'agent:main:http:chat:conv-b')).toEqual(['user: How to bake?', 'assistant: Bread.']);
    expect(house.rooms.sessions.find('agent:main:http:chat:conv-b')?.displayName).toBe('Chat: How to bake?');
  });

  it('has titles made in both ways while an answer is written, and none is in the session', async () => {
    const slow = hold('Slow', 'ly.');
    await using house = await openHouse([
      slow.script,
      say('Plain Title'),
      say('{"language":"English","title":"Other"}'),
    ]);
    const chat = open(house);
    const asked = chat.ask([said('One?')]);
    await slow.begun;
    expect(await chat.title('User: One?\nAI: Slowly.')).toBe('Plain Title');
    expect(await chat.structuredTitle('User: One?\nAI: Slowly.')).toMatchObject({ title: 'Other' });
    slow.release();
    expect((await asked).text).toBe('Slowly.');
    expect(readTranscript(house, key)).toEqual(['user: One?', 'assistant: Slowly.']);
  });

  it('runs tools of its own, and sends call and result again with every later turn', async () => {
    await using house = await openHouse([callTool('weather', { city: 'Graz' }, 'c-1'), say('Sunny.'), say('No.')]);
    const chat = open(house);
    const told: BaseMessage[] = [said('Weather?')];
    const { calls } = await chat.ask(told, { tools: [weather] });
    expect(calls).toEqual([{ id: 'c-1', name: 'weather', args: { city: 'Graz' } }]);
    told.push(new AIMessage({ content: '', tool_calls: [{ id: 'c-1', name: 'weather', args: { city: 'Graz' } }] }));
    told.push(new ToolMessage({ tool_call_id: 'c-1', content: 'sun' }));
    expect((await chat.ask(told, { tools: [weather] })).text).toBe('Sunny.');
    told.push(answered('Sunny.'), said('Rain?'));
    await chat.ask(told, { tools: [weather] });
    expect(readTranscript(house, key)).toEqual([
      'user: Weather?',
      'assistant: [call c-1]',
      'result of c-1: sun',
      'assistant: Sunny.',
      'user: Rain?',
      'assistant: No.',
    ]);
  });

  it('regenerates an answer and edits a message', async () => {
    await using house = await openHouse([say('One.'), say('Two.'), say('Two, anew.'), say('Edited.')]);
    const chat = open(house);
    await chat.ask([said('One?')]);
    const told = [said('One?'), answered('One.')];
    await chat.ask([...told, said('Two?')]);
    expect((await chat.ask([...told, said('Two?')])).text).toBe('Two, anew.');
    await chat.ask([...told, said('Two, edited?')]);
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: One? (copied)',
      'assistant: One. (copied)',
      'user: Two, edited?',
      'assistant: Edited.',
    ]);
  });

  it('sends images as data URLs', async () => {
    await using house = await openHouse(say('A dot.'));
    const content = [
      { type: 'text' as const, text: 'What is it?' },
      { type: 'image_url' as const, image_url: { url: png, detail: 'auto' as const } },
    ];
    await open(house).ask([new HumanMessage({ content })]);
    expect(readAsked(house, 0)).toEqual(['user: What is it?[image]']);
  });

  it('stops an answer', async () => {
    const long = hold('A long st', 'ory.');
    await using house = await openHouse(long.script);
    const stop = new AbortController();
    const asked = open(house)
      .ask([said('Tell.')], { signal: stop.signal })
      .catch(() => undefined);
    await long.begun;
    stop.abort();
    await asked;
    await expect.poll(() => readTranscript(house, key)).toEqual(['user: Tell.', 'assistant: A long st']);
  });

  it('shows why there is no answer', async () => {
    await using house = await openHouse(fail('down'));
    await expect(open(house).ask([said('One?')])).rejects.toMatchObject({ status: 502 });
    await expect(open(house, { model: 'gpt-5' }).ask([said('One?')])).rejects.toMatchObject({ status: 400 });
  });
});
