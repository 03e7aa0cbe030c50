import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { startTestGateway, type TestGateway } from '../gateway.ts';
import { visit } from '../published/visit.ts';
import { openSocket } from '../socket.ts';
import { begin, refuse, reply, replyWithCalls } from '../upstream.ts';
import { faultsOf } from '../wire/schema.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;

/** An upstream that answers when the test lets it: first with the calls of tools, then with the text. */
function heldCalls(gateway: TestGateway, ...answers: string[]) {
  const gate = Promise.withResolvers<void>();
  let turn = 0;
  gateway.upstream.answer(async (request, res) => {
    const now = turn++;
    if (now > 0) return reply(answers[Math.min(now, answers.length) - 1] ?? 'done')(request, res);
    await gate.promise;
    return replyWithCalls({ id: 'c1', name: 'agents_list', args: {} })(request, res);
  });
  return gate.resolve;
}

const send = (client: Client, idempotencyKey: string, more: object = {}) =>
  client.call('chat.send', { sessionKey: 'main', message: idempotencyKey, idempotencyKey, ...more });

const rows = async (client: Client) => {
  const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
  return messages.map(({ role, content }) => [role, content[0]?.type === 'text' ? content[0].text : '']);
};

/** What the published schema says against the events of runs that a client was told. */
const faults = (client: Client) => [
  ...client.told('chat').flatMap((event) => faultsOf('ChatEvent', event)),
  ...client.told('agent').flatMap((event) => faultsOf('AgentEvent', event)),
  ...client.told('session.tool').flatMap((event) => faultsOf('AgentEvent', event)),
];

describe('a message to a session at work', () => {
  it('is steered into the run by default, and found again wherever a client looks', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const release = heldCalls(gateway, 'for both');
    await send(client, 'one');
    await expect.poll(() => gateway.upstream.requests.length).toBe(1);
    expect(await send(client, 'two')).toEqual({ runId: 'two', status: 'started' });
    const page = await client.call<HistoryPage>('chat.history', {
      sessionKey: 'main',
      inputRunIds: ['one', 'two', 'x'],
    });
    expect(page.messages).toHaveLength(1);
    expect(page.pendingInputs).toMatchObject({ total: 1, items: [{ runId: 'two', state: 'queued' }] });
    expect(page.inputReceipts).toEqual([
      { runId: 'one', state: 'consumed', consumedByEventId: page.messages[0]?.__openclaw.id },
      { runId: 'two', state: 'pending' },
    ]);
    expect(page.inFlightRun).toMatchObject({ runId: 'one', text: '' });
    expect(page.inFlightRun?.events.map(({ data }) => data.phase)).toEqual([
      'start',
      'preparing_context',
      'starting_model',
      'model',
    ]);
    for (const event of page.inFlightRun?.events ?? []) expect(faultsOf('AgentEvent', event)).toEqual([]);
    const delta = { ...page, kind: 'delta' };
    expect(faultsOf('ChatHistoryCursorResult', delta)).toEqual([]);
    expect(await send(client, 'two')).toEqual({ runId: 'two', status: 'in_flight' });
    release();
    expect(await client.end('one')).toMatchObject({ state: 'final', message: { content: [{ text: 'for both' }] } });
    expect(await client.end('two')).toMatchObject({ state: 'final', answeredBy: 'one' });
    expect(client.told('chat').filter(({ runId, state }) => runId === 'two' && state !== 'final')).toEqual([]);
    expect(await send(client, 'two')).toEqual({ runId: 'two', status: 'ok' });
    expect(await client.call('agent.wait', { runId: 'two' })).toMatchObject({
      status: 'ok',
      answeredBy: 'one',
      livenessState: 'working',
      terminalReply: { disposition: 'visible', text: 'for both' },
      terminalReceipt: { runId: 'two', terminalDisposition: 'visible' },
    });
    expect(await client.call('agent.wait', { runId: 'one' })).toMatchObject({
      terminalReceipt: {
        requested: { provider: 'up', model: 'one' },
        effective: { provider: 'up', model: 'one', responseModel: 'one' },
        rerouted: false,
      },
    });
    const { run, events } = await client.call<{ run: object; events: RunEvent[] }>('runs.events', { runId: 'two' });
    expect(run).toMatchObject({ status: 'ok', answeredBy: 'one', text: 'for both' });
    expect(events.map(({ data }) => data.phase)).toEqual(['start', 'finishing', 'end']);
    expect(await rows(client)).toEqual([
      ['user', 'one'],
      ['assistant', ''],
      ['toolResult', expect.stringContaining('Skipped')],
      ['user', 'two'],
      ['assistant', 'for both'],
    ]);
    expect(faults(client)).toEqual([]);
  });

  it('interrupts, waits or is collected as the message, the session or the configuration says', async () => {
    await using gateway = await startTestGateway({
      config: { messages: { queue: { mode: 'followup', debounceMsByChannel: { webchat: 0 } } } },
    });
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half', () => undefined));
    await send(client, 'one');
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    await send(client, 'two');
    gateway.upstream.answer(reply('next'));
    await send(client, 'three', { queueMode: 'interrupt' });
    expect(await client.end('one')).toMatchObject({ state: 'aborted', stopReason: 'interrupt' });
    expect(await client.end('three')).toMatchObject({ state: 'final' });
    expect(await client.end('two')).toMatchObject({ state: 'final' });
    expect(await client.call('sessions.patch', { key: 'main', queueMode: 'collect' })).toMatchObject({
      entry: { queueMode: 'collect' },
    });
    const release = heldCalls(gateway, 'one answer', 'another');
    await send(client, 'four');
    await expect.poll(() => gateway.upstream.requests.length).toBe(4);
    for (const key of ['five', 'six']) await send(client, key);
    release();
    expect(await client.end('five')).not.toHaveProperty('answeredBy');
    expect(await client.end('six')).toMatchObject({ state: 'final', answeredBy: 'five' });
    expect(faults(client)).toEqual([]);
    expect(
      (await client.refused('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'k', queueMode: 'no' }))
        .code,
    ).toBe('INVALID_REQUEST');
  });

  it('is withdrawn by its run id, by the session, or with the queue', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half', () => undefined));
    await send(client, 'one');
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    for (const key of ['two', 'three', 'four']) await send(client, key, { queueMode: 'followup' });
    const abort = (params: object) => client.call('chat.abort', { sessionKey: 'main', ...params });
    expect(await abort({ runId: 'two' })).toEqual({ ok: true, aborted: true, runIds: ['two'] });
    expect(await client.end('two')).toMatchObject({ state: 'aborted', stopReason: 'rpc' });
    const { pendingInputs } = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(pendingInputs.items.map(({ runId, state }) => [runId, state])).toEqual([
      ['two', 'cancelled'],
      ['three', 'queued'],
      ['four', 'queued'],
    ]);
    expect(await client.call('sessions.abort', { key: 'main', clearQueued: true })).toEqual({
      ok: true,
      abortedRunId: 'one',
      status: 'aborted',
    });
    for (const key of ['one', 'three', 'four']) expect(await client.end(key)).toMatchObject({ state: 'aborted' });
    expect(gateway.upstream.requests).toHaveLength(1);
    expect(await send(client, 'three')).toMatchObject({ status: 'timeout', summary: 'aborted', stopReason: 'rpc' });
    expect(await rows(client)).toEqual([
      ['user', 'one'],
      ['assistant', 'half'],
    ]);
  });

  it('keeps what waits when only the run is aborted', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half', () => undefined));
    await send(client, 'one');
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    await send(client, 'two');
    gateway.upstream.answer(reply('its turn'));
    expect(await client.call('sessions.abort', { key: 'main' })).toMatchObject({ abortedRunId: 'one' });
    expect(await client.end('two')).toMatchObject({ state: 'final', message: { content: [{ text: 'its turn' }] } });
  });
});

describe('what a sender takes for granted', () => {
  it('is held against the session as it is, except for a message that is sent again', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const wrong = async (more: object, reason: string) =>
      expect(
        (await client.refused('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'no', ...more }))
          .details,
      ).toMatchObject({ reason });
    await send(client, 'one', { expectedLeafEntryId: null, expectedPermissionMode: null, expectedToolOverrides: null });
    await client.end('one');
    expect(await send(client, 'one', { expectedLeafEntryId: null })).toEqual({ runId: 'one', status: 'ok' });
    await wrong({ expectedLeafEntryId: null }, 'active-leaf-changed');
    await wrong({ expectedLeafEntryId: 'of-another' }, 'active-leaf-changed');
    await wrong({ expectedPermissionMode: 'full' }, 'permission-mode-changed');
    await wrong({ expectedToolOverrides: { webSearch: true } }, 'tool-overrides-changed');
    await wrong({ expectedSessionRoutingContract: 'c' }, 'session-routing-changed');
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    const leaf = messages[0]?.__openclaw.id;
    await send(client, 'two', { expectedLeafEntryId: leaf });
    await client.end('two');
    await client.call('sessions.reset', { key: 'main' });
    await wrong({ expectedLeafEntryId: leaf }, 'active-leaf-changed');
    expect(await send(client, 'three', { expectedLeafEntryId: leaf, queueMode: 'steer' })).toMatchObject({
      status: 'started',
    });
  });
});

describe('what cannot be done', () => {
  it.each([
    ['agent', { cwd: '/srv' }],
    ['agent', { suppressPromptPersistence: true }],
    ['agent', { sessionEffects: 'internal' }],
    ['agent', { sourceReplyDeliveryMode: 'message_tool_only' }],
    ['agent', { swarmCollector: true }],
    ['agent', { internalEvents: [{ type: 'task_completion' }] }],
    ['agent', { internalRuntimeHandoffId: 'h' }],
    ['chat.send', { intent: { kind: 'session-goal-start', version: 1, issuedAtMs: 1 } }],
    ['chat.send', { toolBindings: { a: 1 } }],
  ])('is refused by %s: %j', async (method, more) => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const error = await client.refused(method, { sessionKey: 'main', message: 'x', idempotencyKey: 'k', ...more });
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'NOT_SUPPORTED', member: Object.keys(more)[0] },
    });
    expect(await client.call('sessions.list')).toMatchObject({ count: 0 });
  });

  it('is no reason to refuse what says that it is not asked for', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const more = {
      deliver: false,
      suppressPromptPersistence: false,
      sessionEffects: 'visible',
      sourceReplyDeliveryMode: 'automatic',
      internalEvents: [],
      lane: 'main',
      to: '+1',
      channel: 'x',
      disableMessageTool: true,
      modelRun: true,
      promptMode: 'none',
      extraSystemPrompt: 'Only this.',
    };
    await client.answer(client.send('agent', { message: 'x', idempotencyKey: 'k', ...more }), 1);
    const { body } = gateway.upstream.requests[0] ?? {};
    expect(body.messages).toEqual([
      { role: 'system', content: 'Only this.' },
      { role: 'user', content: 'x' },
    ]);
    expect(body.tools).toBeUndefined();
  });

  it('is a conversation with a name that belongs to the gateway', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const message = { message: 'x', idempotencyKey: 'k' };
    for (const name of ['cron:daily', 'Subagent:x', 'agent:main:acp:y'])
      for (const [method, params] of [
        ['chat.send', { sessionKey: name, ...message }],
        ['agent', { sessionKey: name, ...message }],
        ['chat.inject', { sessionKey: name, message: 'x' }],
        ['sessions.create', { key: name }],
      ] as const)
        expect((await client.refused(method, params)).details).toMatchObject({ code: 'INVALID_SESSION_KEY' });
  });
});

describe('tools', () => {
  it('are told to those who follow sessions, and to the one who asked in its own stream only', async () => {
    await using gateway = await startTestGateway();
    await using asks = await openSocket(gateway.url, { caps: ['tool-events'] });
    await using follows = await openSocket(gateway.url, { scopes: ['operator.read'] });
    await using watches = await openSocket(gateway.url, { caps: ['tool-events'] });
    for (const client of [asks, follows]) await client.call('sessions.subscribe');
    heldCalls(gateway, 'there is one')();
    await send(asks, 'k1');
    await Promise.all([asks, follows, watches].map((client) => client.end('k1')));
    const own = asks.told('agent').filter((event) => event.stream === 'tool');
    expect(own.map(({ data }) => data.phase)).toEqual(['start', 'result']);
    expect(asks.told('session.tool')).toEqual([]);
    const told = follows.told('session.tool');
    expect(told.map(({ seq, data, stream }) => [seq, data, stream])).toEqual(
      own.map(({ seq, data, stream }) => [seq, data, stream]),
    );
    expect(told[0]).toMatchObject({
      sessionKey: 'agent:main:main',
      session: { key: 'agent:main:main', hasActiveRun: true },
    });
    for (const client of [follows, watches]) {
      expect(client.told('agent').some((event) => event.stream === 'tool')).toBe(false);
      expect(client.told('agent').filter((event) => event.stream === 'item')).toHaveLength(2);
    }
    expect(watches.told('session.tool')).toEqual([]);
    expect(faults(follows)).toEqual([]);
  });
});

describe('sessions.changed', () => {
  it('tells a run from its message to its end', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await client.call('sessions.subscribe');
    await send(client, 'k1');
    const words = () => client.told('sessions.changed').map(({ reason, phase }) => reason ?? phase);
    await client.until('the end', () => words().find((word) => word === 'end'));
    expect(words()).toEqual(['create', 'message', 'send', 'start', 'agent.run.started', 'model', 'message', 'end']);
    const last = client.told('sessions.changed').at(-1);
    expect(last).toMatchObject({ runId: 'k1', session: { hasActiveRun: false, status: 'done' } });
  });
});

describe('agent', () => {
  it('tells whether a message that is sent again waits or works', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half', () => undefined));
    for (const idempotencyKey of ['one', 'two']) await client.call('agent', { message: 'x', idempotencyKey });
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    expect(await client.call('agent', { message: 'x', idempotencyKey: 'one' })).not.toHaveProperty('admissionPending');
    expect(await client.call('agent', { message: 'x', idempotencyKey: 'two' })).toMatchObject({
      status: 'in_flight',
      admissionPending: true,
    });
    await client.call('chat.abort', { sessionKey: 'main' });
    expect(await client.call('agent.wait', { runId: 'two' })).toMatchObject({
      status: 'error',
      error: 'aborted',
      stopReason: 'rpc',
      livenessState: 'abandoned',
      terminalReply: { disposition: 'empty' },
    });
  });

  it('lets a connection wait for a limited number of runs at a time', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const ids = Array.from({ length: 129 }, (_, n) =>
      client.send('agent.wait', { runId: `r${n}`, timeoutMs: 2 ** 40 }),
    );
    expect(await client.answer(ids.at(-1) ?? '')).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE', retryable: true, details: { code: 'TOO_MANY_WAITS' } },
    });
    await using other = await openSocket(gateway.url);
    expect(await other.call('agent.wait', { runId: 'r', timeoutMs: 0 })).toEqual({ runId: 'r', status: 'timeout' });
  });

  it('resolves for the published client with the end of its run, and with its failure', async () => {
    await using gateway = await startTestGateway();
    await using guest = visit(gateway);
    await guest.until('hello', () => guest.hellos.length > 0);
    const accepted: unknown[] = [];
    const ask = (idempotencyKey: string) =>
      guest.client.request(
        'agent',
        { message: 'x', idempotencyKey },
        { expectFinal: true, onAccepted: (payload: unknown) => void accepted.push(payload) },
      );
    expect(await ask('one')).toMatchObject({
      runId: 'one',
      status: 'ok',
      result: { payloads: [{ text: 'Hello from upstream' }] },
    });
    expect(accepted).toMatchObject([{ runId: 'one', status: 'accepted' }]);
    gateway.upstream.answer(refuse(400, 'not like this'));
    await expect(ask('two')).rejects.toThrow('not like this');
    expect(await ask('one')).toMatchObject({ runId: 'one', status: 'ok' });
  });
});
