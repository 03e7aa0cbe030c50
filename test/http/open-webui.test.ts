import { describe, expect, it } from 'vitest';
import { callTool, fail, hold, type Script, say, usage } from '../scripted-model.ts';
import { type House, openHouse } from './house.ts';
import { openWebUi, taskPrompt, titleTask, type WebUiMessage } from './programs/open-webui.ts';
import { png, readAsked, readTranscript } from './transcript.ts';

const chatId = '0f3b6f0e-5d3c-4f3a-8a51-2c7c6f0f9a10';
const key = `agent:main:http:chat:${chatId}`;
const open = (house: House, more: Partial<Parameters<typeof openWebUi>[0]> = {}) =>
  openWebUi({ chatId, url: `${house.url}/v1`, ...more });

/** Says some pieces, and fails then. */
const breakOff = (text: string): Script =>
  async function* (...call) {
    yield { type: 'text', delta: text };
    yield* fail('the line went dead')(...call);
  };

describe('Open WebUI', () => {
  it('lists the agents as models, also when it checks the connection', async () => {
    await using house = await openHouse(say('a'));
    const { names } = await open(house).models();
    expect(names).toEqual(['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/ops']);
    const refused = await fetch(`${house.url}/v1/models`, { headers: { authorization: 'Bearer wrong' } });
    // The check shows what stands in `error`.
    expect(refused.status).toBe(401);
    expect(await refused.json()).toHaveProperty('error.message');
  });

  it('shows a chat of three turns, of which the session holds each message once', async () => {
    await using house = await openHouse([say('Hel', 'lo.'), say('Two.'), say('Three.')]);
    const chat = open(house);
    for (const question of ['One?', 'Two?', 'Three?']) await chat.say(question);
    expect(chat.messages.map(({ content }) => content)).toEqual(['One?', 'Hello.', 'Two?', 'Two.', 'Three?', 'Three.']);
    expect(readTranscript(house, key)).toEqual([
      'user: One?',
      'assistant: Hello.',
      'user: Two?',
      'assistant: Two.',
      'user: Three?',
      'assistant: Three.',
    ]);
    expect(readAsked(house, 2)).toHaveLength(5);
    expect(house.rooms.sessions.find(key)?.displayName).toBe('Open WebUI: One?');
  });

  it('without forwarded headers has its answers all the same, and leaves no session behind', async () => {
    await using house = await openHouse([say('One.'), say('Two.')]);
    const chat = open(house, { forwards: false });
    await chat.say('One?');
    expect((await chat.say('Two?')).text).toBe('Two.');
    expect(readAsked(house, 1)).toEqual(['user: One?', 'assistant: One.', 'user: Two?']);
    expect(house.rooms.sessions.list({ limit: 9, offset: 0, archived: 'all' }).total).toBe(0);
  });

  it('has title, tags and follow-ups made while an answer is written, and none is in the chat', async () => {
    const second = hold('Second', '.');
    await using house = await openHouse([
      say('First.'),
      second.script,
      say('Here: {"title": "Some Numbers"}'),
      say('{"tags": ["Maths"]}'),
      say('{"follow_ups": ["And then?"]}'),
    ]);
    const chat = open(house);
    await chat.say('One?');
    const asked = chat.say('Two?');
    await second.begun;
    expect(await chat.title()).toBe('Some Numbers');
    expect(await chat.tags()).toEqual(['Maths']);
    expect(await chat.followUps()).toEqual(['And then?']);
    second.release();
    expect((await asked).text).toBe('Second.');
    expect(house.rooms.models.requests[2]?.sampling?.maxOutputTokens).toBe(1000);
    expect(readTranscript(house, key)).toEqual(['user: One?', 'assistant: First.', 'user: Two?', 'assistant: Second.']);
  });

  it("has a task with a prompt of one's own kept out when its header says so", async () => {
    await using house = await openHouse([say('One.'), say('A Title')]);
    const chat = open(house);
    await chat.say('One?');
    const answer = await house.ask('/v1/chat/completions', {
      headers: { 'x-openwebui-chat-id': chatId, 'x-openwebui-task': 'title_generation' },
      body: { model: 'openclaw', stream: false, messages: [{ role: 'user', content: 'A title for: One? One.' }] },
    });
    expect(answer.status).toBe(200);
    expect(readTranscript(house, key)).toEqual(['user: One?', 'assistant: One.']);
  });

  it('keeps questions with found documents in the chat, streamed or not, and knows them again', async () => {
    await using house = await openHouse([say('Blue.'), say('Yes.')]);
    const chat = open(house);
    const found =
      '### Task:\nRespond to the user query using the provided context.\n<context>\nsky: blue\n</context>\n\n';
    chat.messages.push({ role: 'user', content: 'Which colour?' });
    const { text } = await chat.ask([{ role: 'user', content: `${found}Which colour?` }], { stream: false });
    chat.messages.push({ role: 'assistant', content: text });
    await chat.say('Sure?');
    expect(readTranscript(house, key)).toEqual([
      `user: ${found}Which colour?`,
      'assistant: Blue.',
      'user: Sure?',
      'assistant: Yes.',
    ]);
  });

  it('runs tools in native mode, and the session has the call and its result once', async () => {
    await using house = await openHouse([
      callTool('get_weather', { city: 'Graz' }, 'call-1'),
      say('Sunny.'),
      say('No.'),
    ]);
    const chat = open(house);
    const tools = [
      { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
    ];
    const asked: WebUiMessage[] = [{ role: 'user', content: 'Weather in Graz?' }];
    const { calls } = await chat.ask(asked, { tools });
    expect(calls).toMatchObject([
      { index: 0, id: 'call-1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Graz"}' } },
    ]);
    asked.push({ role: 'assistant', content: '', tool_calls: calls });
    asked.push({ role: 'tool', tool_call_id: 'call-1', content: 'sun' });
    const { text } = await chat.ask(asked, { tools });
    expect(text).toBe('Sunny.');
    expect(readAsked(house, 1)).toEqual(['user: Weather in Graz?', 'assistant: [call call-1]', 'tool: sun']);
    // From the next turn on it sends what it shows: the result in quotes, then the text.
    chat.messages.push({ role: 'user', content: 'Weather in Graz?' });
    chat.messages.push({ role: 'assistant', content: '"sun"\nSunny.' });
    await chat.say('Rain?');
    expect(readTranscript(house, key)).toEqual([
      'user: Weather in Graz?',
      'assistant: [call call-1]',
      'result of call-1: sun',
      'assistant: Sunny.',
      'user: Rain?',
      'assistant: No.',
    ]);
  });

  it('sends images as data URLs, and the session has them', async () => {
    await using house = await openHouse(say('A dot.'));
    const image = { type: 'image_url', image_url: { url: png } };
    const { text } = await open(house).say([{ type: 'text', text: 'What is it?' }, image]);
    expect(text).toBe('A dot.');
    expect(readAsked(house, 0)).toEqual(['user: What is it?[image]']);
    expect(readTranscript(house, key)).toEqual(['user: What is it?[image]', 'assistant: A dot.']);
  });

  it('shows tokens when the model is set to tell them', async () => {
    await using house = await openHouse(say('One.'));
    const answer = await open(house).say('One?', { stream_options: { include_usage: true } });
    expect(answer.usage).toMatchObject({ prompt_tokens: usage.input, completion_tokens: usage.output });
  });

  it('stops an answer by going away; what was written stays, and the next turn goes on from what it showed', async () => {
    const long = hold('A long st', 'ory.');
    await using house = await openHouse([long.script, say('Fine.')]);
    const chat = open(house);
    const stop = new AbortController();
    const asked = chat.ask([{ role: 'user', content: 'Tell.' }], {}, stop.signal).catch(() => undefined);
    await long.begun;
    stop.abort();
    await asked;
    await expect.poll(() => readTranscript(house, key)).toEqual(['user: Tell.', 'assistant: A long st']);
    chat.messages.push({ role: 'user', content: 'Tell.' }, { role: 'assistant', content: 'A long' });
    await chat.say('Enough.');
    expect(readTranscript(house, key)).toEqual([
      'user: Tell.',
      'assistant: A long st',
      'user: Enough.',
      'assistant: Fine.',
    ]);
  });

  it('regenerates an answer and goes on from it, then from the other one', async () => {
    await using house = await openHouse([
      say('One.'),
      say('Two.'),
      say('Two, anew.'),
      say('Three.'),
      say('Other three.'),
    ]);
    const chat = open(house);
    await chat.say('One?');
    await chat.say('Two?');
    const before = chat.messages.slice(0, 3);
    const { text } = await chat.ask(before);
    expect(text).toBe('Two, anew.');
    await chat.ask([...before, { role: 'assistant', content: text }, { role: 'user', content: 'Three?' }]);
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: One? (copied)',
      'assistant: One. (copied)',
      'user: Two?',
      'assistant: Two, anew.',
      'user: Three?',
      'assistant: Three.',
    ]);
    // The arrows below an answer choose the first one again.
    await chat.say('Three?');
    expect(readAsked(house, 4)).toEqual([
      'user: One?',
      'assistant: One.',
      'user: Two?',
      'assistant: Two.',
      'user: Three?',
    ]);
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: One? (copied)',
      'assistant: One. (copied)',
      'user: Two? (copied)',
      'assistant: Two. (brought)',
      'user: Three?',
      'assistant: Other three.',
    ]);
  });

  it('shows why there is no answer, and why one broke off', async () => {
    await using house = await openHouse([fail('down'), breakOff('Half of')]);
    const chat = open(house);
    expect(await chat.say('One?')).toMatchObject({ text: '', error: expect.stringContaining('down') });
    const broken = await chat.say('Once more?');
    expect(broken).toMatchObject({ text: 'Half of', error: expect.stringContaining('dead'), isDone: true });
    const missing = await open(house, { model: 'gpt-4o' }).say('Hello?');
    expect(missing.error).toContain('openclaw/main');
  });

  it('asks two models side by side in one chat, and each has its own answer', async () => {
    const slow = hold('Slow', '.');
    await using house = await openHouse([slow.script, say('Quick.')]);
    const one = open(house).say('Who?');
    await slow.begun;
    expect((await open(house, { model: 'openclaw/ops' }).say('Who?')).text).toBe('Quick.');
    slow.release();
    expect((await one).text).toBe('Slow.');
    expect(readTranscript(house, key)).toEqual(['user: Who?', 'assistant: Slow.']);
    expect(readTranscript(house, `agent:ops:http:chat:${chatId}`)).toEqual(['user: Who?', 'assistant: Quick.']);
  });

  it('does not keep a temporary chat', async () => {
    await using house = await openHouse(say('One.'));
    expect((await open(house, { chatId: 'local:Yz3kQ' }).say('One?')).text).toBe('One.');
    expect(house.rooms.sessions.list({ limit: 9, offset: 0, archived: 'all' }).total).toBe(0);
  });

  it('speaks the responses API when its connection is set to that', async () => {
    await using house = await openHouse([say('One.'), say('Two.'), say('{"title":"Numbers"}')]);
    const part = (type: string, text: string) => [{ type, text }];
    const ask = async (input: object[]) => {
      const response = await house.ask('/v1/responses', {
        headers: { 'x-openwebui-chat-id': chatId },
        body: { model: 'openclaw', stream: true, input, instructions: 'Be brief.' },
      });
      const events = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
      const deltas = events.map((line) => JSON.parse(line.slice(6)) as { type: string; delta?: string });
      return deltas.flatMap(({ type, delta }) => (type === 'response.output_text.delta' ? [delta] : [])).join('');
    };
    const first = { type: 'message', role: 'user', content: part('input_text', 'One?') };
    expect(await ask([first])).toBe('One.');
    const answer = { type: 'message', role: 'assistant', content: part('output_text', 'One.') };
    const second = { type: 'message', role: 'user', content: part('input_text', 'Two?') };
    expect(await ask([first, answer, second])).toBe('Two.');
    expect(readTranscript(house, key)).toEqual(['user: One?', 'assistant: One.', 'user: Two?', 'assistant: Two.']);
    const task = taskPrompt(titleTask, [{ role: 'user', content: 'One?' }]);
    const title = await house.ask('/v1/responses', {
      headers: { 'x-openwebui-chat-id': chatId },
      body: {
        model: 'openclaw',
        stream: false,
        input: [{ type: 'message', role: 'user', content: part('input_text', task) }],
      },
    });
    expect(await title.json()).toMatchObject({ output: [{ content: [{ text: '{"title":"Numbers"}' }] }] });
    expect(readTranscript(house, key)).toHaveLength(4);
  });
});
