import { describe, expect, it } from 'vitest';
import type { Answer, Content, Operation } from '../../../server/http/openapi/operation.ts';
import type { ModelEvent } from '../../../server/models/provider.ts';
import { startTestGateway, token } from '../../gateway.ts';
import { hookToken, openHooks } from '../../hooks/setup.ts';
import { callTool, fail, type Script, say, usage } from '../../scripted-model.ts';
import { openHouse, readEvents } from '../house.ts';
import {
  answerOf,
  bearerOf,
  document,
  documented,
  faultsOf,
  type Route,
  requiredHeaders,
  withResponse,
} from './document.ts';

/** A reply that the provider cut off. */
const cut: Script = function* () {
  yield { type: 'text', delta: 'Half' };
  yield { type: 'finish', reason: 'length', usage };
};

/** A reply that breaks off. */
const broken: Script = function* () {
  yield { type: 'text', delta: 'Half' };
  yield* fail('the provider went down')({} as never, new AbortController().signal) as Iterable<ModelEvent>;
};

/** Reasoning before text. */
const thinks: Script = function* () {
  yield { type: 'reasoning', delta: 'Let me' };
  yield { type: 'reasoning', delta: ' think.' };
  yield { type: 'text', delta: 'Done.' };
  yield { type: 'finish', reason: 'stop', usage };
};

/** Text, then a call of a tool of the caller. */
const saysAndCalls: Script = function* () {
  yield { type: 'text', delta: 'Let me look.' };
  yield { type: 'toolCall', id: 'c1', name: 'weather', arguments: { city: 'Bern' } };
  yield { type: 'finish', reason: 'toolCalls', usage };
};

const jsonOf = ({ content }: Answer) => content?.['application/json'] as Content | undefined;
const routeOf = (id: string) => documented.find(({ operation }) => operation.operationId === id) as Route;

/** Holds an answer against what the document says of it; answers what it says in JSON. */
async function hold(answer: Response, operation: Operation): Promise<unknown> {
  const told = answerOf(operation, answer.status);
  const where = `${operation.operationId} ${answer.status}`;
  if (!told) throw new Error(`${where} is not in the document: ${await answer.text()}`);
  for (const name of requiredHeaders(told)) expect(answer.headers.get(name), `${where} ${name}`).toBeTruthy();
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  if (!told.content) return void (await answer.arrayBuffer());
  const { schema } = told.content[type] ?? {};
  if (!schema) throw new Error(`${where} answers ${type}, and the document does not say so`);
  if (type === 'text/event-stream') return await holdEvents(answer, schema, where);
  if (type === 'text/plain') return void (await answer.text());
  const body: unknown = await answer.json();
  expect([where, faultsOf(schema, body)]).toEqual([where, []]);
  return body;
}

async function holdEvents(answer: Response, schema: object, where: string): Promise<unknown[]> {
  const lines = await readEvents(answer);
  expect([where, lines.pop()]).toEqual([where, '[DONE]']);
  const events = lines.map((line) => JSON.parse(line) as unknown);
  for (const event of events) expect([where, event, faultsOf(schema, event)]).toEqual([where, event, []]);
  return events;
}

describe('the examples of the document', () => {
  const examples = documented.flatMap((route) =>
    Object.values(route.operation.requestBody?.content ?? {}).flatMap(({ schema, examples: told = {} }) =>
      Object.values(told).map(({ summary, value }) => ({
        id: route.operation.operationId,
        summary,
        value,
        schema,
        route,
      })),
    ),
  );

  it('stand beside every body', () => {
    const ids = new Set(examples.map(({ id }) => id));
    // What a mapping takes is not known here.
    const withBody = documented.filter(({ path, operation }) => operation.requestBody && path !== '/hooks/{name}');
    expect([...ids].sort()).toEqual(withBody.map(({ operation }) => operation.operationId).sort());
  });

  it.each(examples)('are accepted, and answered as it says: $id, $summary', async ({ value, schema, route }) => {
    expect(faultsOf(schema, value)).toEqual([]);
    await using gateway = await startTestGateway({ config: { hooks: { enabled: true, token: hookToken } } });
    const answer = await fetch(`${gateway.http}${route.url}`, {
      method: 'POST',
      headers: {
        authorization: bearerOf(route, { gateway: token, hooks: hookToken }),
        'content-type': 'application/json',
      },
      body: JSON.stringify(value),
    });
    expect(answer.status).toBe(200);
    await hold(answer, route.operation);
  });

  it('of paths are answered without a body, too', async () => {
    await using gateway = await startTestGateway();
    const ask = (url: string, init: RequestInit = {}) =>
      fetch(`${gateway.http}${url}`, { headers: { authorization: `Bearer ${token}` }, ...init });
    for (const { url, method, operation } of documented.filter(({ method }) => method !== 'POST')) {
      const respond = (body: object) => ask('/v1/responses', { method: 'POST', body: JSON.stringify(body) });
      const answer = await ask(await withResponse(url, respond), { method });
      expect([url, answer.status]).toEqual([url, 200]);
      await hold(answer, operation);
    }
    const cancel = routeOf('cancelResponse');
    const refused = await ask(cancel.url, { method: 'POST' });
    expect(refused.status).toBe(404);
    await hold(refused, cancel.operation);
  });

  it('of hooks are answered when they have ended or made several, and refused in their own shape', async () => {
    const mappings = [
      { match: { path: 'many' }, forEach: 'items', messageTemplate: 'Look at this.' },
      { match: { path: 'none' }, forEach: 'items', messageTemplate: 'Look at this.' },
    ];
    await using gateway = await openHooks({ mappings });
    const send = (path: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${gateway.http}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${hookToken}`, ...headers },
        body,
      });
    const cases: [string, Response, number][] = [
      ['callHook', await send('/hooks/many', '{"items":[1,2]}'), 200],
      ['callHook', await send('/hooks/none', '{"items":[]}'), 204],
      ['callHook', await send('/hooks/nothing', '{}'), 404],
      ['callHook', await send('/hooks/many', '{}', { 'content-type': 'multipart/form-data' }), 415],
      ['wakeAgent', await send('/hooks/wake', '{'), 400],
      ['wakeAgent', await send('/hooks/wake', '{}', { authorization: 'Bearer wrong' }), 401],
      ['runAgentByHook', await send('/hooks/agent', 'x'.repeat(256 * 1024 + 1)), 413],
      ['runAgentByHook', await fetch(`${gateway.http}/hooks/agent`), 405],
    ];
    for (const [id, answer, status] of cases) {
      expect([id, answer.status]).toEqual([id, status]);
      await hold(answer, routeOf(id).operation);
    }
  });
});

describe('answers of every kind', () => {
  const messages = [{ role: 'user', content: 'hello' }];
  const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
  const scripts: [string, Script | Script[]][] = [
    ['text', say('Hi', ' there')],
    ['a call of a tool', callTool('weather', { city: 'Bern' })],
    ['text and a call', saysAndCalls],
    ['reasoning', thinks],
    ['a cut answer', cut],
    ['one that breaks off', broken],
    ['none', fail('nobody there')],
  ];
  const chat = { model: 'openclaw', messages, tools: [tool], user: 'u' };
  const response = {
    model: 'openclaw',
    input: messages,
    instructions: 'Be brief.',
    metadata: { a: 'b' },
    tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }],
    tool_choice: 'auto',
    temperature: 0.5,
    text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' } }, verbosity: 'low' },
    reasoning: { effort: 'low' },
  };
  const cases = scripts.flatMap(([what, script]) =>
    [false, true].flatMap((stream) => [
      {
        what,
        script,
        stream,
        id: 'createChatCompletion',
        body: { ...chat, ...(stream && { stream_options: { include_usage: true } }) },
      },
      { what, script, stream, id: 'createResponse', body: response },
    ]),
  );

  it.each(cases)(
    'are as the document has them: $id, $what, streamed: $stream',
    async ({ script, stream, id, body }) => {
      await using house = await openHouse(script);
      const { url, operation } = routeOf(id);
      const sent = { ...body, stream };
      expect(faultsOf(document.components.schemas[toRequest(operation)] as object, sent)).toEqual([]);
      await hold(await house.ask(url, { body: sent }), operation);
    },
  );
});

describe('answers to the older functions', () => {
  const functions = [{ name: 'weather', parameters: { type: 'object' } }];
  const body = { model: 'openclaw', messages: [{ role: 'user', content: 'hello' }], functions };

  it.each([false, true])('are as the document has them, streamed: %s', async (stream) => {
    await using house = await openHouse(callTool('weather', { city: 'Bern' }));
    const { url, operation } = routeOf('createChatCompletion');
    const said = await hold(await house.ask(url, { body: { ...body, stream } }), operation);
    expect(JSON.stringify(said)).toContain('"function_call":{');
  });
});

describe('refusals', () => {
  const guarded = documented.filter(({ operation }) => operation.security === undefined);
  const takesBody = ({ operation }: Route) => operation.requestBody !== undefined;

  it('of every route are as the document has them', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 2000 } });
    for (const route of guarded) {
      const { url, method, operation } = route;
      const body = method === 'POST' ? '{' : undefined;
      const stranger = await house.ask(url, { method, body, headers: { authorization: 'Bearer wrong' } });
      expect([url, stranger.status]).toEqual([url, 401]);
      await hold(stranger, operation);
      const wrong = await house.ask(url, { method: 'PUT' });
      expect([url, wrong.status]).toEqual([url, 405]);
      await hold(wrong, operation);
      if (!takesBody(route)) continue;
      const headers = { 'content-type': 'application/json' };
      const nonsense = await house.ask(url, { body, headers });
      expect([url, nonsense.status]).toEqual([url, 400]);
      await hold(nonsense, operation);
      const large = await house.ask(url, { body: 'x'.repeat(2001) });
      expect([url, large.status]).toEqual([url, 413]);
      await hold(large, operation);
      const form = await house.ask(url, {
        body: 'model=openclaw',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect([url, form.status]).toEqual([url, 415]);
      await hold(form, operation);
    }
  });

  it('of who may not, guessed too often, or names what is not there', async () => {
    await using ingress = await openHouse(say('hi'), { auth: { mode: 'none' } });
    for (const { url, method, operation } of guarded.filter(({ path }) => !path.startsWith('/rpc'))) {
      const body = method === 'POST' ? '{}' : undefined;
      const poor = await ingress.ask(url, { method, body, headers: { 'x-openclaw-scopes': 'none' } });
      expect([url, poor.status]).toEqual([url, 403]);
      await hold(poor, operation);
    }
    await using house = await openHouse(say('hi'), { attempts: { maxAttempts: 1, exemptLoopback: false } });
    const missing: [string, string, unknown][] = [
      ['retrieveModel', '/v1/models/nothing', undefined],
      ['invokeTool', '/tools/invoke', { tool: 'nothing' }],
      ['queryMethod', '/rpc/nothing', undefined],
    ];
    for (const [id, url, body] of missing) {
      const answer = await house.ask(url, { body });
      expect([id, answer.status]).toEqual([id, 404]);
      await hold(answer, routeOf(id).operation);
    }
    const plain = await house.ask('/rpc/sessions.create', { body: '{}', headers: { 'content-type': 'text/plain' } });
    expect(plain.status).toBe(415);
    await hold(plain, routeOf('callMethod').operation);
    await house.ask('/v1/models', { headers: { authorization: 'Bearer guess' } });
    for (const { url, method, operation } of guarded) {
      const body = method === 'POST' ? '{}' : undefined;
      const locked = await house.ask(url, { method, body });
      expect([url, locked.status, locked.headers.has('retry-after')]).toEqual([url, 429, true]);
      await hold(locked, operation);
    }
  });

  it('of probes that are red', async () => {
    await using house = await openHouse(say('hi'), { phase: 'starting', failing: ['database'] });
    for (const id of ['ready', 'readyAlias', 'started', 'startedAlias', 'readyHead']) {
      const { url, method, operation } = routeOf(id);
      const red = await house.ask(url, { method });
      expect([url, red.status]).toEqual([url, 503]);
      await hold(red, operation);
    }
  });
});

describe('what holds answers against the document', () => {
  it('finds what is missing, too much or of another type', () => {
    const told = jsonOf(answerOf(routeOf('listModels').operation, 200) as Answer)?.schema as object;
    const model = { id: 'openclaw', object: 'model', created: 1, owned_by: 'openclaw' };
    expect(faultsOf(told, { object: 'list', data: [model] })).toEqual([]);
    expect(faultsOf(told, { object: 'list' })).toHaveLength(1);
    expect(faultsOf(told, { object: 'list', data: [{ ...model, extra: 1 }] })).toHaveLength(1);
    expect(faultsOf(told, { object: 'list', data: [{ ...model, created: '1' }] })).toHaveLength(1);
  });
});

/** The name of the schema of an operation's body. */
function toRequest({ requestBody }: Operation): string {
  const schema = requestBody?.content['application/json']?.schema ?? {};
  return '$ref' in schema ? (String(schema.$ref).split('/').at(-1) ?? '') : '';
}
