import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { expectLogged, readLog } from './log-lines.ts';
import { bearer, sendBytes, toRequest } from './raw-http.ts';

const chat = '/v1/chat/completions';
const hello = { messages: [{ role: 'user', content: 'hello' }] };
const nest = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

function ask(gateway: TestGateway, path: string, body: BodyInit, headers: Record<string, string> = {}) {
  return fetch(`${gateway.http}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(10_000),
  });
}

async function expectAlive(gateway: TestGateway): Promise<void> {
  const answer = await ask(gateway, chat, JSON.stringify(hello));
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Hello from upstream')]);
}

describe('a body', () => {
  it.each<[string, string, string | Buffer, string]>([
    ['nothing', chat, '', 'it is empty'],
    ['half a value', chat, '{"messages":[', 'not valid JSON'],
    ['a form', chat, 'model=openclaw&content=hello', 'not valid JSON'],
    ['no object', chat, 'null', 'expected object, received null'],
    ['a list', chat, '[]', 'expected object, received array'],
    ['text in another encoding', chat, bytes('{"messages":[{"role":"user","content":"gr', [0xfc], '"}]}'), 'not UTF-8'],
    ['something compressed', chat, bytes([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]), 'not UTF-8'],
    ['half a character at its end', chat, bytes('{}', [0xe2, 0x82]), 'not UTF-8'],
    ['a prototype in place of members', chat, `{"__proto__":${JSON.stringify(hello)}}`, 'messages'],
    ['lists in place of messages', chat, `{"messages":${'['.repeat(90_000)}${']'.repeat(90_000)}}`, 'messages[0]'],
    [
      'a tool without a bottom',
      chat,
      `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":${nest(20_000)}}}]}`,
      'tools[0].function.parameters: expected at most 100 levels of nesting',
    ],
    [
      'an answer format without a bottom',
      chat,
      `{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":${nest(20_000)}}}}`,
      'at most 100 levels',
    ],
    [
      'arguments without a bottom',
      chat,
      JSON.stringify({
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: nest(20_000) } }] },
          { role: 'user', content: 'x' },
        ],
      }),
      'at most 100 levels',
    ],
    ['notes without a bottom', '/v1/responses', `{"input":"x","metadata":${nest(20_000)}}`, 'at most 100 levels'],
    ['numbers that are none', chat, '{"messages":[{"role":"user","content":"x"}],"max_tokens":1e308}', 'max_tokens'],
    ['an empty list of inputs', '/v1/embeddings', '{"input":[]}', 'input'],
    ['text in another encoding', '/v1/embeddings', bytes('{"input":"', [0xff], '"}'), 'not UTF-8'],
    ['half a value', '/v1/responses', '{"input":"x"', 'not valid JSON'],
  ])('of %s is refused at %s, in words that the log has too', async (_name, path, body, words) => {
    await using gateway = await startTestGateway();
    const answer = await ask(gateway, path, body as BodyInit);
    const text = await answer.text();
    expect([answer.status, text]).toEqual([400, expect.stringContaining('"type":"invalid_request_error"')]);
    expect((JSON.parse(text) as { error: { message: string } }).error.message).toContain(words);
    await expectLogged(gateway, answer.headers.get('x-request-id') ?? '', words);
    expect(gateway.upstream.requests).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    await expectAlive(gateway);
  });

  it.each<[string, string, string | Buffer, number]>([
    ['half a value', 'application/json', '{"sessionKey":', 400],
    ['text in another encoding', 'application/json', bytes('{"message":"', [0xe4], '"}'), 400],
    ['members of wrong types', 'application/json', '{"sessionKey":1,"message":[],"idempotencyKey":{}}', 400],
    ['a form', 'application/x-www-form-urlencoded', 'sessionKey=main', 415],
  ])('of %s is refused by the contract over HTTP', async (_name, type, body, status) => {
    await using gateway = await startTestGateway();
    const answer = await ask(gateway, '/rpc/chat.send', body as BodyInit, { 'content-type': type });
    expect([answer.status, await answer.json()]).toEqual([
      status,
      {
        error: {
          message: expect.any(String),
          code: expect.any(Number),
          data: expect.objectContaining({ httpStatus: status }),
        },
      },
    ]);
    await expectLogged(gateway, answer.headers.get('x-request-id') ?? '', 'refused');
    await using client = await openSocket(gateway.url);
    expect(await client.call('sessions.list')).toMatchObject({ count: 0 });
  });

  it.each(['__proto__', 'constructor', 'toString', 'chat', 'chat.', 'chat.send.x', '%00', '%zz'])(
    'sent to the method %s, which is none, is 404',
    async (method) => {
      await using gateway = await startTestGateway();
      const request = toRequest(`POST /rpc/${method}`, ['Content-Type: application/json'], '{}');
      expect(await sendBytes(gateway.port, request)).toMatch(/^HTTP\/1\.1 404 /);
      await expectAlive(gateway);
    },
  );

  it('of 18 MB arrives whole', async () => {
    await using gateway = await startTestGateway();
    const content = 'ü'.repeat(9_000_000);
    const answer = await ask(gateway, chat, JSON.stringify({ messages: [{ role: 'user', content }] }));
    expect(answer.status).toBe(200);
    expect(gateway.upstream.requests.at(-1)?.body.messages.at(-1).content).toBe(content);
  });
});

describe('a refusal', () => {
  it.each<[string, string, Record<string, string>, object]>([
    ['an agent', 'openclaw/nobody', {}, { code: 'model_not_found', param: 'model' }],
    ['an agent in a header', 'openclaw', { 'x-openclaw-agent-id': '__proto__' }, { code: 'model_not_found' }],
    ['a model', 'openclaw', { 'x-openclaw-model': 'no/such' }, { code: 'model_not_found' }],
    [
      'a session of another agent',
      'openclaw',
      { 'x-openclaw-session-key': 'agent:else:x' },
      { type: 'invalid_request_error' },
    ],
    [
      'a session with a tab',
      'openclaw',
      { 'x-openclaw-session-key': 'agent:main:a\tb' },
      { param: 'x-openclaw-session-key' },
    ],
    ['a response', 'openclaw', {}, { code: 'previous_response_not_found' }],
  ])('of %s that is not there says so to the caller and to the log', async (what, model, headers, error) => {
    await using gateway = await startTestGateway();
    const isResponse = what === 'a response';
    const body = isResponse ? { model, input: 'x', previous_response_id: 'resp_none' } : { model, ...hello };
    const answer = await ask(gateway, isResponse ? '/v1/responses' : chat, JSON.stringify(body), headers);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error }]);
    await expectLogged(gateway, answer.headers.get('x-request-id') ?? '', 'refused');
    await expectAlive(gateway);
  });

  it('of a wrong bearer is in the log, without the bearer', async () => {
    await using gateway = await startTestGateway();
    const headers = { authorization: 'Bearer a-guess-that-is-wrong' };
    expect((await fetch(`${gateway.http}/v1/models`, { headers })).status).toBe(401);
    await expectLogged(gateway, 'GET /v1/models refused: unauthorized', 'invalid_api_key');
    expect(JSON.stringify(await readLog(gateway))).not.toContain('a-guess-that-is-wrong');
  });

  it('repeats a name that was given, but not a megabyte of it', async () => {
    await using gateway = await startTestGateway();
    const answer = await ask(gateway, chat, JSON.stringify({ ...hello, model: 'm'.repeat(1_000_000) }));
    expect(answer.status).toBe(400);
    expect((await answer.text()).length).toBeLessThan(5000);
  });

  it('names the model even when its escapes are broken', async () => {
    await using gateway = await startTestGateway();
    expect(await sendBytes(gateway.port, toRequest('GET /v1/models/%zz'))).toContain(
      'the model \\"%zz\\" does not exist',
    );
  });
});

describe('a session whose main key no header can hold', () => {
  it('is answered all the same', async () => {
    await using gateway = await startTestGateway({ config: { session: { mainKey: 'größe ключ' } } });
    const answer = await ask(gateway, chat, JSON.stringify(hello), { 'x-openclaw-session-key': 'main' });
    expect(answer.status).toBe(200);
    expect(decodeURI(answer.headers.get('x-openclaw-session-key') ?? '')).toBe('agent:main:größe ключ');
  });
});

describe('what is no HTTP', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['words', 'hello there\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['the beginning of TLS', Buffer.from('16030100ba010000b60303', 'hex'), /^HTTP\/1\.1 400 /],
    ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without an end', toRequest('GET /v1/models', [`X: ${'x'.repeat(40_000)}`]), /^HTTP\/1\.1 431 /],
    [
      'a chunk without a length',
      toRequest(`POST ${chat}`, ['Transfer-Encoding: chunked', '', 'zz']),
      /^HTTP\/1\.1 400 /,
    ],
    ['two lengths', toRequest(`POST ${chat}`, ['Transfer-Encoding: chunked'], '{}'), /^HTTP\/1\.1 400 /],
    ['a NUL in the path', toRequest('GET /v1/mo\0dels'), /^HTTP\/1\.1 400 /],
    ['a tunnel', toRequest('CONNECT example.com:443'), /^$/],
    ['an address in place of a path', toRequest('GET http://[bad'), /^HTTP\/1\.1 404 /],
    ['no path at all', toRequest('OPTIONS *'), /^HTTP\/1\.1 404 /],
    ['an expectation nobody knows', toRequest(`POST ${chat}`, ['Expect: banana'], '{}'), /^HTTP\/1\.1 417 /],
  ])('ends with an answer, and the next request is served: %s', async (_name, request, answer) => {
    await using gateway = await startTestGateway();
    const text = await sendBytes(gateway.port, request);
    expect(text).toMatch(answer);
    // Whatever is answered is JSON, and one answer.
    if (text) {
      expect(text).toMatch(/\r\ncontent-type: application\/json; charset=utf-8\r\n/i);
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({
        error: { message: expect.any(String), type: expect.any(String), code: null, param: null },
      });
    }
    await expectAlive(gateway);
  });

  it('is what an upgrade asks for that is no WebSocket: the request is answered without it', async () => {
    await using gateway = await startTestGateway();
    const body = JSON.stringify(hello);
    const offer = [
      'Connection: close, Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    ];
    const head = [`POST ${chat} HTTP/1.1`, 'Host: 127.0.0.1', bearer, ...offer, `Content-Length: ${body.length}`];
    const answer = await sendBytes(gateway.port, `${head.join('\r\n')}\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('Hello from upstream');
  });
});
