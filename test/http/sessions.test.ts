import { describe, expect, it } from 'vitest';
import { callTool, fail, hold, type Script, say } from '../scripted-model.ts';
import { type House, openHouse, readError } from './house.ts';
import { keyOf, readAsked, readTranscript } from './transcript.ts';

type Message = Record<string, unknown>;
const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

const numbered = (...answers: string[]): Script[] => answers.map((answer) => say(answer));

interface Asking {
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
}

/** Asks for a completion. @returns the answer, its text, and the key of its session. */
async function chat(house: House, messages: Message[], { headers = {}, body = {} }: Asking = {}) {
  const response = await house.ask('/v1/chat/completions', {
    body: { model: 'openclaw', messages, ...body },
    headers,
  });
  const key = keyOf(response);
  if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(await readError(response))}`);
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return { key, text: choices[0]?.message.content };
}

/** As Open WebUI names a chat: together with the one who asks. */
const inChat = (id: string) => ({ headers: { 'x-openwebui-chat-id': id, 'x-openwebui-user-id': 'ann' } });

describe('the session of a request', () => {
  it('is its own without more, left out of lists', async () => {
    await using house = await openHouse(say('a'));
    const keys = [await chat(house, [user('1')]), await chat(house, [user('2')])].map(({ key }) => key);
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => /^agent:main:http:[0-9a-f-]{36}$/.test(key))).toBe(true);
    expect(house.rooms.sessions.list({ limit: 10, offset: 0, archived: 'all' }).total).toBe(0);
    expect(readAsked(house, 1)).toEqual(['user: 2']);
  });

  it('keeps nothing of a request that nobody named, until its key is used to go on', async () => {
    await using house = await openHouse(numbered('a', 'b'));
    const { key } = await chat(house, [user('1')]);
    const { sessions } = house.rooms;
    expect([sessions.find(key), sessions.history(key, { limit: 10, offset: 0 }).total]).toEqual([undefined, 0]);
    const headers = { 'x-openclaw-session-key': key };
    const told = [user('1'), assistant('a'), user('2')];
    expect((await chat(house, told, { headers })).key).toBe(key);
    const transcript = ['user: 1 (brought)', 'assistant: a (brought)', 'user: 2', 'assistant: b'];
    expect(readTranscript(house, key)).toEqual(transcript);
  });

  it('is one for each user and agent', async () => {
    await using house = await openHouse(numbered('a', 'b', 'c', 'd'));
    const body = { user: 'ann' };
    const [first, second] = [await chat(house, [user('1')], { body }), await chat(house, [user('2')], { body })];
    expect(second.key).toBe(first.key);
    expect(readAsked(house, 1)).toEqual(['user: 1', 'assistant: a', 'user: 2']);
    const other = await chat(house, [user('3')], { body: { ...body, model: 'openclaw/ops' } });
    expect(other.key).toBe(first.key.replace('agent:main:', 'agent:ops:'));
    expect((await chat(house, [user('4')], { body: { user: 'bob' } })).key).not.toBe(first.key);
  });

  it('is the one that the header names, whatever else is said, and no reserved one', async () => {
    await using house = await openHouse(say('a'));
    const headers = { 'x-openclaw-session-key': 'novel', 'x-openwebui-chat-id': 'c1' };
    expect((await chat(house, [user('1')], { headers, body: { user: 'ann' } })).key).toBe('agent:main:novel');
    for (const key of ['subagent:x', 'cron:x', 'acp:x', 'ACP:x', 'agent:main:cron:x', 'agent:main: cron:x']) {
      const response = await house.ask('/v1/chat/completions', {
        body: { model: 'openclaw', messages: [user('1')] },
        headers: { 'x-openclaw-session-key': key },
      });
      expect(await readError(response)).toMatchObject({ status: 400, param: 'x-openclaw-session-key' });
    }
  });

  it.each([
    ['x-openwebui-chat-id', { headers: { 'X-OpenWebUI-Chat-Id': 'c1' } }],
    ['x-openclaw-chat-id', { headers: { 'x-openclaw-chat-id': 'c1' } }],
    ['metadata.chat_id', { body: { metadata: { chat_id: 'c1' } } }],
  ])('is that of the chat that %s names', async (_name, asking) => {
    await using house = await openHouse(say('a'));
    const asked = { ...asking, body: { user: 'ann', ...('body' in asking ? asking.body : {}) } };
    expect((await chat(house, [user('1')], asked)).key).toBe('agent:main:http:chat:c1');
  });

  it.each(['new', '', '{{LIBRECHAT_BODY_CONVERSATIONID}}'])(
    'is none of a chat that has no id yet: "%s"',
    async (id) => {
      await using house = await openHouse(say('a'));
      const { key } = await chat(house, [user('1')], { headers: { 'x-openclaw-chat-id': id }, body: { user: 'ann' } });
      expect(key).toBe('agent:main:http:user:ann');
    },
  );

  it('is nobody else’s: not even of a user who is called what stands for the name of another', async () => {
    await using house = await openHouse(['a', 'b', 'c'].map((text) => say(text)));
    const first = await chat(house, [user('1')], { body: { user: 'Änne' } });
    const digest = first.key?.split(':').at(-1) ?? '';
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await chat(house, [user('2')], { body: { user: digest } })).key).not.toBe(first.key);
    expect((await chat(house, [user('3')], { body: { user: 'Änne' } })).key).toBe(first.key);
  });

  it('is not kept for a temporary chat of Open WebUI', async () => {
    await using house = await openHouse(say('a'));
    await chat(house, [user('1')], inChat('local:socket-id'));
    expect(house.rooms.sessions.list({ limit: 10, offset: 0, archived: 'all' }).total).toBe(0);
  });
});

describe('a conversation that the caller tells whole', () => {
  it('is in the session once, in order, and is told to the model as it came', async () => {
    await using house = await openHouse(numbered('a1', 'a2', 'a3'));
    const told: Message[] = [{ role: 'system', content: 'Be brief.' }];
    let key = '';
    for (const question of ['q1', 'q2', 'q3']) {
      told.push(user(question));
      const answer = await chat(house, told, inChat('c1'));
      told.push(assistant(answer.text ?? ''));
      key = answer.key;
    }
    expect(readTranscript(house, key)).toEqual([
      'user: q1',
      'assistant: a1',
      'user: q2',
      'assistant: a2',
      'user: q3',
      'assistant: a3',
    ]);
    expect(readAsked(house, 2)).toEqual(['user: q1', 'assistant: a1', 'user: q2', 'assistant: a2', 'user: q3']);
    expect(house.rooms.models.requests[2]?.system).toContain('Be brief.');
  });

  it('that was begun elsewhere is stored as brought along', async () => {
    await using house = await openHouse(numbered('a2', 'a3'));
    const begun = [user('q1'), assistant('a1')];
    const { key } = await chat(house, [...begun, user('q2')], inChat('c1'));
    await chat(house, [...begun, user('q2'), assistant('a2'), user('q3')], inChat('c1'));
    expect(readTranscript(house, key)).toEqual([
      'user: q1 (brought)',
      'assistant: a1 (brought)',
      'user: q2',
      'assistant: a2',
      'user: q3',
      'assistant: a3',
    ]);
  });

  it('is known again when the caller has cut its beginning, and when answers come back trimmed', async () => {
    await using house = await openHouse(numbered('a1\n', '<think>hm</think> a2', 'a3'));
    await chat(house, [user('q1')], inChat('c1'));
    await chat(house, [user('q1'), assistant('a1'), user('q2')], inChat('c1'));
    const { key } = await chat(house, [user('q2'), assistant('a2'), user('q3')], inChat('c1'));
    expect(readTranscript(house, key).filter((row) => row.startsWith('--'))).toEqual([]);
    expect(readTranscript(house, key)).toHaveLength(6);
    expect(readAsked(house, 2)).toEqual(['user: q2', 'assistant: a2', 'user: q3']);
  });

  it('goes on from an earlier message after an edit; what was taken back is kept before a marker', async () => {
    await using house = await openHouse(numbered('a1', 'a2', 'a2 anew'));
    await chat(house, [user('q1')], inChat('c1'));
    await chat(house, [user('q1'), assistant('a1'), user('q2')], inChat('c1'));
    const { key } = await chat(house, [user('q1'), assistant('a1'), user('q2 edited')], inChat('c1'));
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: q1 (copied)',
      'assistant: a1 (copied)',
      'user: q2 edited',
      'assistant: a2 anew',
    ]);
    expect(readAsked(house, 2)).toEqual(['user: q1', 'assistant: a1', 'user: q2 edited']);
    const { results } = await house.rooms.sessions.search({ query: 'q2', limit: 10 });
    const old = results.find(({ snippet }) => snippet === 'q2');
    const page = house.rooms.sessions.page(key, { limit: 9, offset: 0, maxChars: 99, messageId: old?.messageId });
    expect(page.messages.map(({ content }) => content[0])).toContainEqual({ type: 'text', text: 'a2' });
    // What stands there twice is found once.
    expect((await house.rooms.sessions.search({ query: 'q1', limit: 10 })).results).toHaveLength(1);
  });

  it('begins anew when its first answer is asked for once more', async () => {
    await using house = await openHouse(numbered('a1', 'a1 anew', 'a2'));
    await chat(house, [user('q1')], inChat('c1'));
    const { key } = await chat(house, [user('q1')], inChat('c1'));
    expect(readAsked(house, 1)).toEqual(['user: q1']);
    await chat(house, [user('q1'), assistant('a1 anew'), user('q2')], inChat('c1'));
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: q1',
      'assistant: a1 anew',
      'user: q2',
      'assistant: a2',
    ]);
  });

  it('takes the answer that was chosen among several, or edited', async () => {
    await using house = await openHouse(numbered('a1', 'a2'));
    await chat(house, [user('q1')], inChat('c1'));
    const { key } = await chat(house, [user('q1'), assistant('another'), user('q2')], inChat('c1'));
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: q1 (copied)',
      'assistant: another (brought)',
      'user: q2',
      'assistant: a2',
    ]);
  });

  it('is one message more after a failure, without a marker', async () => {
    await using house = await openHouse([fail('down'), fail('down'), fail('down'), fail('down'), say('a1')]);
    const asking = { body: { model: 'openclaw', messages: [user('q1')] }, ...inChat('c1') };
    const failed = await house.ask('/v1/chat/completions', asking);
    expect(failed.status).toBe(502);
    let last = failed;
    while (last.status !== 200) last = await house.ask('/v1/chat/completions', asking);
    const rows = readTranscript(house, keyOf(last));
    expect(rows).not.toContain('-- rewind');
    expect(rows.slice(-2)).toEqual(['user: q1', 'assistant: a1']);
  });

  it('with tools of the caller is stored once', async () => {
    await using house = await openHouse([callTool('look', { at: 'sky' }, 'c-1'), say('Blue.'), say('Why not?')]);
    const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }];
    const call = { id: 'c-1', type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } };
    const told: Message[] = [user('q1')];
    await chat(house, told, { ...inChat('c1'), body: { tools } });
    told.push({ role: 'assistant', content: null, tool_calls: [call] });
    told.push({ role: 'tool', tool_call_id: 'c-1', content: 'blue' });
    await chat(house, told, { ...inChat('c1'), body: { tools } });
    told.push(assistant('Blue.'), user('q2'));
    const { key } = await chat(house, told, { ...inChat('c1'), body: { tools } });
    expect(readTranscript(house, key)).toEqual([
      'user: q1',
      'assistant: [call c-1]',
      'result of c-1: blue',
      'assistant: Blue.',
      'user: q2',
      'assistant: Why not?',
    ]);
  });

  it('whose results are sent twice goes on from the call', async () => {
    await using house = await openHouse([callTool('look', {}, 'c-1'), say('Blue.'), say('Blue, again.')]);
    const call = { id: 'c-1', type: 'function', function: { name: 'look', arguments: '{}' } };
    const body = { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }] };
    await chat(house, [user('q1')], { ...inChat('c1'), body });
    const answered = [
      user('q1'),
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c-1', content: 'blue' },
    ];
    await chat(house, answered, { ...inChat('c1'), body });
    const { key } = await chat(house, answered, { ...inChat('c1'), body });
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: q1 (copied)',
      'assistant: [call c-1] (copied)',
      'result of c-1: blue',
      'assistant: Blue, again.',
    ]);
  });

  it('under the name of an account is not mixed with its others', async () => {
    await using house = await openHouse(numbered('a1', 'a2', 'b1', 'b2'));
    const body = { user: '65f1c0ffee65f1c0ffee65f1' };
    await chat(house, [user('a?')], { body });
    await chat(house, [user('a?'), assistant('a1'), user('a??')], { body });
    const { key } = await chat(house, [user('b?')], { body });
    expect(readAsked(house, 2)).toEqual(['user: b?']);
    await chat(house, [user('b?'), assistant('b1'), user('b??')], { body });
    expect(readTranscript(house, key)).toEqual([
      '-- rewind',
      'user: b?',
      'assistant: b1',
      'user: b??',
      'assistant: b2',
    ]);
  });

  it('is told whole by a user who has told it whole before', async () => {
    await using house = await openHouse(numbered('a1', 'a2', 'b1'));
    const body = { user: 'ann' };
    await chat(house, [user('a?')], { body });
    await chat(house, [user('a?'), assistant('a1'), user('a??')], { body });
    await chat(house, [user('b?')], { body });
    expect(readAsked(house, 2)).toEqual(['user: b?']);
  });

  it('keeps no more of a long past than a run looks back on, and says so', async () => {
    await using house = await openHouse(say('ok'));
    const past = Array.from({ length: 300 }, (_, n) => [user(`q${n}`), assistant(`a${n}`)]).flat();
    const { key } = await chat(house, [...past, user('now')], inChat('c1'));
    const { total } = house.rooms.sessions.history(key, { limit: 1, offset: 0 });
    expect(total).toBe(1 + 400 + 2);
    const { key: again } = await chat(house, [...past, user('now'), assistant('ok'), user('then')], inChat('c1'));
    expect(house.rooms.sessions.history(again, { limit: 1, offset: 0 }).total).toBe(1 + 400 + 4);
  });
});

describe('requests at the same time', () => {
  it('of one session get an answer each, in the order in which they came', async () => {
    const first = hold('one', '!');
    await using house = await openHouse([first.script, say('two')]);
    const a = chat(house, [user('q1')], { body: { user: 'ann' } });
    await first.begun;
    const b = chat(house, [user('q2')], { body: { user: 'ann' } });
    await expect.poll(() => house.rooms.runs.counts()).toEqual({ active: 1, queued: 1 });
    first.release();
    expect([(await a).text, (await b).text]).toEqual(['one!', 'two']);
    expect(readAsked(house, 1)).toEqual(['user: q1', 'assistant: one!', 'user: q2']);
  });

  it('of one chat get an answer each, and the transcript follows the last', async () => {
    const first = hold('one', '!');
    await using house = await openHouse([first.script, say('two')]);
    const a = chat(house, [user('q1')], inChat('c1'));
    await first.begun;
    const b = chat(house, [user('q1')], inChat('c1'));
    await expect.poll(() => house.rooms.runs.counts()).toEqual({ active: 1, queued: 1 });
    first.release();
    expect([(await a).text, (await b).text]).toEqual(['one!', 'two']);
    expect(readTranscript(house, (await b).key)).toEqual(['-- rewind', 'user: q1', 'assistant: two']);
  });

  it('about a conversation do not wait for its answer, and leave no trace in it', async () => {
    const answer = hold('one', '!');
    await using house = await openHouse([answer.script, say('{"title":"Numbers"}')]);
    const asked = chat(house, [user('q1')], inChat('c1'));
    await answer.begun;
    const task = '### Task:\nGenerate a concise title.\n<chat_history>\nUSER: q1\n</chat_history>';
    const title = await chat(house, [user(task)], { ...inChat('c1'), body: { stream: false } });
    expect(title.text).toBe('{"title":"Numbers"}');
    answer.release();
    const { key } = await asked;
    expect(title.key).not.toBe(key);
    expect(readTranscript(house, key)).toEqual(['user: q1', 'assistant: one!']);
    // It is the task of a program and not of the agent, who needs no tools for it.
    expect(house.rooms.models.requests[1]).toMatchObject({ system: '' });
    expect(house.rooms.models.requests[1]?.tools ?? []).toEqual([]);
  });
});

describe('what people see of it elsewhere', () => {
  it('is a name by which they know the chat again, the first words and the last', async () => {
    await using house = await openHouse(say('Paris.'));
    const { key } = await chat(house, [user('What is the capital of France?')], inChat('c1'));
    const { rows } = house.rooms.sessions.list({
      limit: 5,
      offset: 0,
      archived: false,
      derivedTitle: true,
      lastMessage: true,
      search: 'capital',
    });
    expect(rows).toMatchObject([
      {
        key,
        displayName: 'Open WebUI: What is the capital of France?',
        derivedTitle: 'What is the capital of France?',
        lastMessagePreview: 'Paris.',
        messageCount: 2,
        status: 'done',
      },
    ]);
  });

  it('is every row as it comes, for who follows the session', async () => {
    await using house = await openHouse(numbered('a1', 'a1 anew'));
    const { key } = await chat(house, [user('q1')], inChat('c1'));
    const cursor = house.rooms.sessions.cursor(key);
    await chat(house, [user('q1')], inChat('c1'));
    await house.rooms.sessions.durable();
    const told = house.rooms.told('session.message').filter((event) => event.sessionKey === key);
    expect(told.map(({ message }) => message.__openclaw.kind ?? message.role)).toEqual([
      'user',
      'assistant',
      'rewind',
      'user',
      'assistant',
    ]);
    // What a cursor from before knows is not what is shown now.
    expect(house.rooms.sessions.historyAfter(key, cursor)).toBeUndefined();
    expect(house.rooms.told('sessions.changed').some(({ reason }) => reason === 'rewind')).toBe(true);
  });
});
