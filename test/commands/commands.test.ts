import { describe, expect, it } from 'vitest';
import { type CommandEntry, parseTypedCommand, scopeOfMessage } from '../../sdk/protocol/commands.ts';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { startTestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, reply } from '../upstream.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;
let keys = 0;

/** Sends a message and gives what was answered. */
async function say(client: Client, message: string, more: object = {}): Promise<string> {
  const idempotencyKey = `say-${++keys}`;
  await client.call('chat.send', { sessionKey: 'main', message, idempotencyKey, ...more });
  const end = await client.end(idempotencyKey);
  return end.state === 'final' ? (end.message?.content[0]?.text ?? '') : end.state;
}

describe('what is read as a command', () => {
  it.each([
    ['/help', 'help', ''],
    ['  /Model   up/one ', 'model', 'up/one'],
    ['/new: hello', 'new', 'hello'],
    ['/new hello\nthere', 'new', 'hello\nthere'],
    ['/t\thigh', 't', 'high'],
  ])('%j is one', (message, name, argument) => {
    expect(parseTypedCommand(message)).toEqual({ name, argument });
  });

  it.each(['', '/', '//help', '/etc/hosts is a file', 'see /help', '/9', '/é', '/help.'])('%j is none', (message) => {
    expect(parseTypedCommand(message)).toBeUndefined();
  });

  it('needs an admin for what the model would forget by', () => {
    expect(['/new', '/RESET x', '/compact', '/reset: a'].map(scopeOfMessage)).toEqual(Array(4).fill('operator.admin'));
    expect(['/status', 'new', '/newer', 'text /new'].map(scopeOfMessage)).toEqual(Array(4).fill(undefined));
  });
});

describe('commands.list', () => {
  it('lists what /help lists, with choices from what is configured', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const { commands } = await client.call<{ commands: CommandEntry[] }>('commands.list', {});
    const names = commands.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'help',
        'status',
        'new',
        'reset',
        'model',
        'models',
        'think',
        'stop',
        'usage',
        'whoami',
        'agents',
      ]),
    );
    const help = await say(client, '/help');
    for (const name of names) expect(help).toContain(`/${name}`);
    const model = commands.find(({ name }) => name === 'model');
    expect(model).toMatchObject({ acceptsArgs: true, textAliases: ['/model'], args: [{ dynamic: true }] });
    expect(model?.args?.[0]?.choices).toContainEqual({ value: 'up/one', label: 'up/one' });
    const bare = await client.call<{ commands: CommandEntry[] }>('commands.list', { includeArgs: false });
    expect(bare.commands.every((command) => command.args === undefined)).toBe(true);
  });
});

describe('typed commands', () => {
  it('answer without a model, stand in the transcript with a mark, and no model is told of them', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect(await say(client, '/status')).toMatch(/Model: up\/one[\s\S]*Gateway: 0\.0\.0-test/);
    expect(gateway.upstream.requests).toHaveLength(0);
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(page.messages.map(({ role, __openclaw }) => [role, __openclaw.kind])).toEqual([
      ['user', 'command'],
      ['assistant', 'command'],
    ]);
    expect(await say(client, 'a real question')).toBe('Hello from upstream');
    const sent = JSON.stringify(gateway.upstream.requests[0]?.body.messages);
    expect(sent).toContain('a real question');
    expect(sent).not.toContain('/status');
  });

  it('choose the model and the thinking of the session, and say what is wrong with a choice', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect(await say(client, '/model')).toContain('up/one');
    expect(await say(client, '/model up/nothing-like-it')).toContain('up/nothing-like-it');
    expect(await say(client, '/model builtin/guide')).toContain('builtin/guide from now on');
    expect(await client.call('sessions.describe', { key: 'main' })).toMatchObject({
      session: { modelProvider: 'builtin', model: 'guide', modelOverrideSource: 'user' },
    });
    expect(await say(client, '/model default')).toContain('up/one');
    expect(await say(client, '/think enormous')).toContain('"enormous" is no level');
    expect(await say(client, '/think high')).toContain('high');
    await say(client, 'think about it');
    expect(gateway.upstream.requests.at(-1)?.body.reasoning_effort).toBe('high');
    expect(await say(client, '/models up')).toContain('- up/one');
    expect(await say(client, '/models nowhere')).toContain('No provider "nowhere"');
  });

  it('start afresh, with and without a first message', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await say(client, 'an old secret');
    expect(await say(client, '/new')).toContain('A new conversation begins');
    expect(await say(client, '/reset what do you know?')).toBe('Hello from upstream');
    const sent = JSON.stringify(gateway.upstream.requests.at(-1)?.body.messages);
    expect(sent).toContain('what do you know?');
    expect(sent).not.toMatch(/an old secret|\/reset/);
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(page.messages[0]?.__openclaw.kind).toBe('reset');
  });

  it('answer while a run works, and stop it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half a re', () => new Promise(() => undefined)));
    await client.call('chat.send', { sessionKey: 'main', message: 'long', idempotencyKey: 'long' });
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    expect(await say(client, '/status')).toContain('Runs: 1 working, 0 waiting');
    expect(await client.call('sessions.describe', { key: 'main' })).toMatchObject({
      session: { hasActiveRun: true, status: 'running' },
    });
    expect(await say(client, '/stop')).toBe('Stopped.');
    expect(await client.end('long')).toMatchObject({ state: 'aborted', stopReason: 'rpc' });
    expect(await say(client, '/stop')).toBe('Nothing is running in this conversation.');
  });

  it('tell who is asking, the agents, and one command in full', async () => {
    const config = { agents: { entries: { main: {}, ops: { name: 'Operations' } } } };
    await using gateway = await startTestGateway({ config });
    await using client = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect(await say(client, '/whoami')).toMatch(/recognised by token\nAllowed: operator.write/);
    expect(await say(client, '/agents')).toContain('- ops: Operations');
    expect(await say(client, '/usage')).toContain('This conversation: 0 tokens');
    await say(client, 'a real question');
    expect(await say(client, '/usage')).toMatch(
      /This conversation: 12 tokens[\s\S]*Today, all conversations: 12 tokens/,
    );
    expect(await say(client, '/help /think')).toContain('Also: /thinking, /t');
    expect(await say(client, '/help nonsense')).toContain('There is no command /nonsense');
  });

  it('need their scope before anything is started, and can be switched off for one message', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url, { scopes: ['operator.write'] });
    for (const [method, params] of [
      ['chat.send', { sessionKey: 'main', message: '/new', idempotencyKey: 'x1' }],
      ['agent', { message: '/reset now', idempotencyKey: 'x2' }],
      ['sessions.send', { key: 'main', message: '/compact' }],
      ['sessions.create', { message: '/new' }],
    ] as const)
      expect(await client.refused(method, params)).toMatchObject({
        code: 'FORBIDDEN',
        details: { code: 'MISSING_SCOPE', missingScope: 'operator.admin' },
      });
    expect(await say(client, '/new words', { suppressCommandInterpretation: true })).toBe('Hello from upstream');
    expect(JSON.stringify(gateway.upstream.requests[0]?.body.messages)).toContain('/new words');
    expect(await say(client, '/unheard of')).toBe('Hello from upstream');
  });

  it('are replayed under their key, and refuse attachments', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const whoami = { message: '/whoami', idempotencyKey: 'w1' };
    const id = client.send('agent', whoami);
    expect((await client.answer(id, 0)).payload).toMatchObject({ status: 'accepted', runId: 'w1' });
    const { payload } = await client.answer(id, 1);
    expect(payload).toMatchObject({
      status: 'ok',
      result: { payloads: [{ text: expect.stringContaining('You: operator') }] },
    });
    expect(await client.call('agent', whoami)).toEqual(payload);
    const attachments = [{ mimeType: 'text/plain', content: Buffer.from('x').toString('base64') }];
    expect(
      await client.refused('chat.send', { sessionKey: 'main', message: '/status', attachments, idempotencyKey: 'w2' }),
    ).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('takes no attachments') });
  });
});

describe('commands over HTTP', () => {
  it('answer a completion, kept or not', async () => {
    await using gateway = await startTestGateway();
    const ask = async (content: string, more: object = {}) => {
      const answer = await fetch(`${gateway.http}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'openclaw',
          messages: [
            { role: 'user', content: 'before' },
            { role: 'assistant', content: 'x' },
            { role: 'user', content },
          ],
          ...more,
        }),
      });
      return (await answer.json()).choices[0].message.content as string;
    };
    expect(await ask('/status')).toContain('Conversation: not kept');
    expect(await ask('/whoami', { user: 'someone' })).toContain('Conversation: agent:main:');
    expect(gateway.upstream.requests).toHaveLength(0);
    expect(await ask('/new and then?')).toBe('Hello from upstream');
    expect(JSON.stringify(gateway.upstream.requests[0]?.body.messages)).not.toContain('before');
  });
});

describe('chat.inject', () => {
  it('adds a note that everybody hears of and the next model reads', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const { messageId } = await client.call<{ messageId: string }>('chat.inject', {
      sessionKey: 'main',
      message: 'the door is open',
      label: 'sensor',
    });
    const told = await client.until('the note', () => client.told('chat').find((event) => event.state === 'final'));
    expect(told).toMatchObject({
      runId: `inject-${messageId}`,
      seq: 0,
      message: { content: [{ text: '[sensor] the door is open' }] },
    });
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(page.messages[0]).toMatchObject({ role: 'assistant', provider: 'openclaw', __openclaw: { id: messageId } });
    await say(client, 'is it?');
    expect(JSON.stringify(gateway.upstream.requests[0]?.body.messages)).toContain('[sensor] the door is open');
    await using writer = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect(await writer.refused('chat.inject', { sessionKey: 'main', message: 'x' })).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('chat.metadata', () => {
  it('tells the models and commands of a chat', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url, { scopes: ['operator.read'] });
    expect(await client.call('chat.metadata', {})).toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ provider: 'up', id: 'one' })]),
      commands: expect.arrayContaining([expect.objectContaining({ name: 'status' })]),
      swarmEnabled: false,
      accountSelection: { kind: 'automatic' },
    });
  });
});

describe('/compact', () => {
  it('puts the older part of the conversation into a summary, and tells what it did', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect(await say(client, '/compact')).toMatch(/^Nothing was compacted: /);
    for (const text of ['one', 'two', 'three']) await say(client, text);
    gateway.upstream.answer(reply('what was said before'));
    expect(await say(client, '/compact the numbers')).toMatch(/^Compacted: the conversation had about \d+ tokens/);
    expect(JSON.stringify(gateway.upstream.requests.at(-1)?.body.messages)).toContain('the numbers');
    await say(client, 'four');
    const sent = JSON.stringify(gateway.upstream.requests.at(-1)?.body.messages);
    expect(sent).toContain('what was said before');
    expect(sent).not.toMatch(/\/compact|"one"/);
  });
});

describe('chat.startup', () => {
  it('answers as chat.history, and follows sessions when it was asked by a short link', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url, { scopes: ['operator.write'] });
    await say(client, 'hi');
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main', limit: 1 });
    expect(await client.call('chat.startup', { sessionKey: 'main', limit: 1, anything: 'else' })).toEqual(page);
    await say(client, 'nobody follows yet');
    expect(client.told('sessions.changed')).toEqual([]);
    const shortId = page.sessionId?.slice(0, 8);
    expect(await client.call('chat.startup', { shortId, agentId: 'main' })).toMatchObject({
      sessionKey: 'agent:main:main',
      resolution: { ok: true, key: 'agent:main:main', agentId: 'main' },
      messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'user' }, { role: 'assistant' }],
    });
    await say(client, 'somebody follows');
    expect(client.told('sessions.changed')).not.toEqual([]);
    expect(await client.call('chat.startup', { shortId: 'nobody-has-it' })).toEqual({ resolution: { ok: false } });
    expect(await client.refused('chat.startup', {})).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
