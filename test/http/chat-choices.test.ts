import { describe, expect, it } from 'vitest';
import type { ModelMessage } from '../../server/models/provider.ts';
import { token as gatewayToken, startTestGateway } from '../gateway.ts';
import { callTool, say } from '../scripted-model.ts';
import { type House, openHouse, readError } from './house.ts';

const user = (content: unknown) => ({ role: 'user', content });
const hello = [user('hello')];
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } };

const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/chat/completions', { body: { model: 'openclaw', messages: hello, ...body }, headers });

/** What the model was given, without the instructions of the agent. */
async function given(house: House, body: object, headers: Record<string, string> = {}) {
  const answer = await ask(house, body, headers);
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  const request = house.rooms.models.requests.at(-1);
  if (!request) throw new Error('the model was not asked');
  return request;
}

describe('the conversation a chat completion belongs to', () => {
  const text = (message: ModelMessage | undefined) =>
    message?.role === 'user' || message?.role === 'assistant'
      ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      : '';
  const said = (messages: readonly ModelMessage[]) => messages.map(text);

  it('is its own unless somebody names one', async () => {
    await using house = await openHouse(say('hi'));
    await given(house, { messages: [user('one')] });
    expect(said((await given(house, { messages: [user('two')] })).messages)).toEqual(['two']);
    const listed = house.rooms.sessions.list({
      limit: 10,
      offset: 0,
      archived: false,
      derivedTitle: false,
      lastMessage: false,
    });
    expect(listed.rows).toEqual([]);
  });

  it.each<[string, object, Record<string, string>, string]>([
    ['user', { user: 'ann' }, {}, 'agent:main:http:user:ann'],
    ['a chat of Open WebUI', {}, { 'x-openwebui-chat-id': 'c1' }, 'agent:main:http:chat:c1'],
    ['metadata.chat_id', { metadata: { chat_id: 'c1' }, user: 'ann' }, {}, 'agent:main:http:chat:c1'],
    ['a key', { user: 'ann' }, { 'x-openclaw-session-key': 'talk' }, 'agent:main:talk'],
    ['a canonical key', {}, { 'x-openclaw-session-key': 'agent:main:talk' }, 'agent:main:talk'],
    ['the main session', {}, { 'x-openclaw-session-key': 'main' }, 'agent:main:main'],
    ['another agent', { user: 'ann', model: 'openclaw/ops' }, {}, 'agent:ops:http:user:ann'],
  ])('goes on when it is named by %s', async (_name, body, headers, key) => {
    await using house = await openHouse(say('hi'));
    const first = await ask(house, { ...body, messages: [user('one')] }, headers);
    expect(first.headers.get('x-openclaw-session-key')).toBe(key);
    await first.text();
    const { messages } = await given(house, { ...body, messages: [user('two')] }, headers);
    expect(said(messages)).toEqual(['one', 'hi', 'two']);
  });

  it('is told whole by a program that is known to do so: what it left out is not put before it again', async () => {
    await using house = await openHouse(say('hi'));
    const headers = { 'x-openwebui-chat-id': 'c1', 'x-openwebui-user-id': 'ann' };
    await given(house, { messages: [user('one')] }, headers);
    expect(said((await given(house, { messages: [user('two')] }, headers)).messages)).toEqual(['two']);
  });

  it('is the one in the body when the body brings it along: nothing comes twice', async () => {
    await using house = await openHouse(say('hi'));
    await given(house, { user: 'account', messages: [user('of another chat')] });
    const whole = [user('one'), { role: 'assistant', content: 'hi' }, user('two')];
    const { messages } = await given(house, { user: 'account', messages: whole });
    expect(said(messages)).toEqual(['one', 'hi', 'two']);
  });

  it('knows the calls that its earlier answers made', async () => {
    await using house = await openHouse([callTool('weather', { city: 'Graz' }, 'call-7'), say('Sunny, then.')]);
    const headers = { 'x-openclaw-session-key': 'talk' };
    await given(house, { tools: [weather] }, headers);
    const result = { role: 'tool', tool_call_id: 'call-7', content: 'sunny' };
    const { messages } = await given(house, { tools: [weather], messages: [result] }, headers);
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      {
        role: 'assistant',
        content: [{ type: 'toolCall', id: 'call-7', name: 'weather', arguments: { city: 'Graz' } }],
      },
      { role: 'tool', toolCallId: 'call-7', toolName: 'weather', output: 'sunny', isError: false },
    ]);
  });

  it.each([
    'subagent:x',
    'cron:x',
    'acp:x',
    'agent:main:cron:x',
    'Cron:x',
    'agent:ops:talk',
    'agent:',
    'x'.repeat(513),
  ])('cannot be %s', async (key) => {
    await using house = await openHouse(say('hi'));
    const answer = await ask(house, {}, { 'x-openclaw-session-key': key });
    expect(await readError(answer)).toMatchObject({ status: 400, param: 'x-openclaw-session-key' });
  });

  it('has a key that fits in a header whatever the user is called', async () => {
    await using house = await openHouse(say('hi'));
    const answer = await ask(house, { user: 'Änne\n'.repeat(100) });
    expect(answer.headers.get('x-openclaw-session-key')).toMatch(/^agent:main:http:user:[0-9a-f]{64}$/);
  });
});

describe('the agent that answers', () => {
  it.each([
    ['openclaw', {}, 'main'],
    ['openclaw/default', {}, 'main'],
    ['openclaw/ops', {}, 'ops'],
    ['openclaw:ops', {}, 'ops'],
    ['agent:ops', {}, 'ops'],
    ['openclaw/ops', { 'x-openclaw-agent-id': 'main' }, 'main'],
    ['gpt-4o', { 'x-openclaw-agent-id': 'ops' }, 'ops'],
  ])('is for model %s and headers %j the agent %s; the answer repeats the model', async (model, headers, agent) => {
    await using house = await openHouse(say('hi'));
    const answer = await ask(house, { model }, headers);
    expect(answer.headers.get('x-openclaw-session-key')).toMatch(new RegExp(`^agent:${agent}:`));
    expect(await answer.json()).toMatchObject({ model });
  });

  it('is the default one for openclaw/default, also when another is called so', async () => {
    const entries = { main: { default: true }, default: {} };
    await using gateway = await startTestGateway({ config: { agents: { entries } } });
    const ask = (path: string, body?: object) =>
      fetch(`${gateway.http}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${gatewayToken}` },
        ...(body && { body: JSON.stringify(body) }),
      });
    const answering = async (model: string) => {
      const answer = await ask('/v1/chat/completions', { model, messages: [{ role: 'user', content: '/help' }] });
      return answer.headers.get('x-openclaw-session-key')?.split(':')[1];
    };
    expect(await answering('openclaw/default')).toBe('main');
    expect(await answering('openclaw:default')).toBe('default');
    const { data } = (await (await ask('/v1/models')).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['openclaw', 'openclaw/default', 'openclaw/main']);
  });

  it.each([
    [{ model: 'gpt-4o' }, {}, 'model'],
    [{ model: 'openclaw/nobody' }, {}, 'model'],
    [{ model: 'openclaw/' }, {}, 'model'],
    [{}, { 'x-openclaw-agent-id': 'nobody' }, 'x-openclaw-agent-id'],
    [{}, { 'x-openclaw-model': 'test/none' }, 'model'],
  ])('must exist: %j %j', async (body, headers, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body, headers as Record<string, string>));
    expect(error).toMatchObject({ status: 400, code: 'model_not_found', param });
  });

  it('uses another model when x-openclaw-model says so', async () => {
    await using house = await openHouse(say('hi'));
    expect((await ask(house, {}, { 'x-openclaw-model': 'test/one' })).status).toBe(200);
  });

  it('uses another model only for those who may administer', async () => {
    await using house = await openHouse(say('hi'), { auth: { mode: 'none' } });
    const headers = { 'x-openclaw-model': 'test/one', 'x-openclaw-scopes': 'operator.write' };
    const error = await readError(await ask(house, {}, headers));
    expect(error).toMatchObject({ status: 403, code: 'missing_scope', param: 'x-openclaw-model' });
    expect((await ask(house, {}, { 'x-openclaw-model': 'test/one' })).status).toBe(200);
  });
});

describe('the list of models', () => {
  it('has a name for every agent, with a creation time that is a number', async () => {
    await using house = await openHouse(say('hi'));
    const answer = await house.ask('/v1/models?limit=100');
    const { object, data } = (await answer.json()) as { object: string; data: { id: string; created: number }[] };
    expect(object).toBe('list');
    expect(data.map(({ id }) => id)).toEqual(['openclaw', 'openclaw/default', 'openclaw/main', 'openclaw/ops']);
    await using other = await openHouse(say('hi'));
    expect(await (await other.ask('/v1/models')).json()).toEqual({ object, data });
    for (const model of data)
      expect(model).toEqual({ id: model.id, object: 'model', created: expect.any(Number), owned_by: 'openclaw' });
  });

  it.each([
    ['openclaw', 'openclaw'],
    ['openclaw/ops', 'openclaw/ops'],
    ['openclaw%2Fops', 'openclaw/ops'],
    ['openclaw%2fdefault?x=1', 'openclaw/default'],
    ['agent:ops', 'agent:ops'],
  ])('shows %s', async (path, id) => {
    await using house = await openHouse(say('hi'));
    const answer = await house.ask(`/v1/models/${path}`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { id, object: 'model' }]);
  });

  it.each(['nobody', 'openclaw/nobody', 'openclaw%2Fops%2Fmore', '%E0%A4%A'])('does not know %s', async (path) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await house.ask(`/v1/models/${path}`));
    expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  });
});
