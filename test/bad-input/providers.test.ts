import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import { toText } from '../../sdk/protocol/text.ts';
import type { ModelApi } from '../../server/config/provider-config.ts';
import { startTestGateway, type TestGateway, token, upstreamKey } from '../gateway.ts';
import { readEvents } from '../http/house.ts';
import { openSocket } from '../socket.ts';
import { chunk, openStream, reply, startUpstream } from '../upstream.ts';
import { expectLogged } from './log-lines.ts';

const ask = (gateway: TestGateway, { model = 'up/one', stream = false, path = 'chat/completions' } = {}) =>
  fetch(`${gateway.http}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-openclaw-model': model },
    body: JSON.stringify({ stream, messages: [{ role: 'user', content: 'hello' }], input: 'hello' }),
    signal: AbortSignal.timeout(20_000),
  });

async function expectAlive(gateway: TestGateway): Promise<void> {
  gateway.upstream.answer(reply('well again'));
  const answer = await ask(gateway);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('well again')]);
}

/** Writes until the caller hangs up. @returns bytes that were written. */
async function writeForEver(res: ServerResponse, piece: string | Buffer): Promise<number> {
  let written = 0;
  const { promise: hungUp, resolve } = Promise.withResolvers<void>();
  res.on('close', resolve);
  while (!res.destroyed) {
    written += piece.length;
    if (res.write(piece)) await new Promise(setImmediate);
    else await Promise.race([hungUp, new Promise((drained) => res.once('drain', drained))]);
  }
  return written;
}

const bodies: Record<string, [type: string, text: string]> = {
  json: ['application/json', JSON.stringify({ error: { message: 'the words of the provider' } })],
  html: ['text/html', '<html><body><h1>the words of the provider</h1></body></html>'],
  none: ['text/plain', ''],
};

describe('a provider that refuses', () => {
  // Status of the provider, then what callers are told.
  const statuses: [number, number, string, string | null][] = [
    [400, 400, 'invalid_request_error', null],
    [401, 502, 'api_error', 'provider_auth'],
    [403, 502, 'api_error', 'provider_auth'],
    [404, 400, 'invalid_request_error', 'model_not_found'],
    [413, 400, 'invalid_request_error', null],
    [429, 429, 'rate_limit_error', 'rate_limit_exceeded'],
    [500, 502, 'api_error', null],
    [503, 502, 'api_error', null],
    [302, 502, 'api_error', null],
  ];

  it('is told as what it is: status, code, its words if it has any, and where to look; in the log, too', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(({ body: { model } }, res) => {
      const [status, kind = ''] = String(model).split('-');
      const [type, text] = bodies[kind] ?? ['', ''];
      res.writeHead(Number(status), { 'content-type': type, location: 'http://127.0.0.1:1/elsewhere' }).end(text);
    });
    const check = async ([status, told, type, code]: (typeof statuses)[number], kind: string) => {
      const answer = await ask(gateway, { model: `up/${status}-${kind}`, stream: kind === 'html' });
      const { error } = (await answer.json()) as { error: { message: string } };
      expect([status, kind, answer.status, error]).toMatchObject([status, kind, told, { type, code }]);
      expect(error.message).toContain(`up answered ${status}`);
      if (kind !== 'none') expect(error.message).toContain('the words of the provider');
      expect(error.message).not.toMatch(/[<>]/);
      await expectLogged(gateway, 'run chatcmpl-', `up answered ${status}`, `up/${status}-${kind}`);
    };
    await Promise.all(statuses.flatMap((row) => Object.keys(bodies).map((kind) => check(row, kind))));
    await expectAlive(gateway);
  });
});

const apis: ModelApi[] = [
  'openai-responses',
  'anthropic-messages',
  'google-generative-ai',
  'ollama',
  'openai-completions',
];

/** One gateway with a provider for each API, or for each of these at each of some paths. */
async function openWild(respond: (path: string, res: ServerResponse) => unknown, paths: readonly string[]) {
  const upstream = await startUpstream(({ url }, res) => void respond(url.split('/')[1] ?? '', res));
  const toProvider = (api: ModelApi, path: string) => ({
    baseUrl: `${upstream.url}/${path}/v1`,
    apiKey: upstreamKey,
    api,
    timeoutSeconds: 1,
    models: [{ id: 'm', name: 'M' }],
  });
  const providers = apis.flatMap((api) => paths.map((path) => [`${api}.${path}`, toProvider(api, path)] as const));
  const gateway = await startTestGateway({ config: { models: { providers: Object.fromEntries(providers) } } });
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe('a provider, whatever it speaks,', () => {
  const cases: Record<string, [answer: (res: ServerResponse) => unknown, status: number, words: RegExp]> = {
    silent: [() => undefined, 504, /sent nothing for 1 s.*timeoutSeconds/],
    'silent-after-head': [(res) => res.writeHead(200).flushHeaders(), 504, /sent nothing for 1 s/],
    'stalled-refusal': [(res) => res.writeHead(500).write('{"error":'), 504, /sent nothing for 1 s/],
    'web-page': [(res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), 502, /web page.*baseUrl/],
    'hung-up': [(res) => res.destroy(), 502, /closed the connection/],
    'no-http': [(res) => res.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'), 502, / failed: /],
    'empty-answer': [(res) => res.end(), 502, /ended the stream before/],
    'false-encoding': [(res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end('x'), 502, /./],
  };

  it('that is silent, hangs up or is none at all is a failure with a status and words, for the log, too', async () => {
    await using house = await openWild((path, res) => cases[path]?.[0](res), Object.keys(cases));
    const check = async (provider: string, [, status, words]: (typeof cases)[string]) => {
      const told = await ask(house.gateway, { model: `${provider}/m` });
      const { error } = (await told.json()) as { error: { message: string } };
      expect([provider, told.status, error.message]).toEqual([provider, status, expect.stringMatching(words)]);
      expect(error.message).toContain(provider);
      await expectLogged(house.gateway, 'run chatcmpl-', JSON.stringify(error.message.slice(0, 60)).slice(1, -1));
    };
    await Promise.all(apis.flatMap((api) => Object.entries(cases).map(([path, row]) => check(`${api}.${path}`, row))));
    await expectAlive(house.gateway);
  });

  // What reads refusals and what reads answers, in the libraries and in our own readers.
  it.each<[ModelApi, number]>([
    ['anthropic-messages', 200],
    ['openai-responses', 500],
    ['openai-completions', 200],
    ['ollama', 200],
    ['ollama', 500],
  ])('such as %s, that answers %d with a line that does not end is cut off', async (api, status) => {
    const written: Promise<number>[] = [];
    const type = api === 'ollama' ? 'application/x-ndjson' : 'text/event-stream';
    const endless = (_path: string, res: ServerResponse) => {
      res.writeHead(status, { 'content-type': type });
      written.push(writeForEver(res, Buffer.alloc(1 << 20, 'a')));
    };
    await using house = await openWild(endless, ['wild']);
    const told = await ask(house.gateway, { model: `${api}.wild/m` });
    // By size, or on a slow machine by time.
    expect([502, 504]).toContain(told.status);
    expect(await told.json()).toMatchObject({ error: { type: 'api_error' } });
    for (const bytes of await Promise.all(written)) expect(bytes).toBeLessThan(100 * 1024 * 1024);
    await expectAlive(house.gateway);
  });
});

describe('a provider that does not stop', () => {
  const flood = (delta: (text: string) => object) => async (_request: unknown, res: ServerResponse) => {
    openStream(res);
    await writeForEver(res, `data: ${JSON.stringify(chunk(delta('x'.repeat(60_000))))}\n\n`);
  };

  it.each<[string, (text: string) => object]>([
    ['talking', (content) => ({ content })],
    ['thinking', (reasoning_content) => ({ reasoning_content })],
    [
      'with the arguments of a call',
      (json) => ({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: json } }] }),
    ],
  ])('%s is hung up on; the caller is told', async (_what, delta) => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(flood(delta));
    const answer = await ask(gateway);
    const { error } = (await answer.json()) as { error: { message: string } };
    expect([answer.status, error.message]).toEqual([
      502,
      expect.stringMatching(/did not stop after|more than \d+ char/),
    ]);
    await Promise.all(gateway.upstream.requests.map(({ hungUp }) => hungUp));
    await expectAlive(gateway);
  });

  it('talking is told to those who watch up to there, and then as an error', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(flood((content) => ({ content })));
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    const end = await client.end('k');
    expect(end).toMatchObject({ state: 'error', errorMessage: expect.stringContaining('did not stop after') });
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 's' });
    // What was said is longer than what one answer holds of it.
    expect(messages.at(-1)).toMatchObject({ role: 'assistant', __openclaw: { truncated: true } });
    expect(toText(messages.at(-1) as ChatMessage).length).toBeGreaterThanOrEqual(500_000);
    await expectAlive(gateway);
  });
});

describe('a stream that has begun', () => {
  it.concurrent.each<[string, (res: ServerResponse) => unknown]>([
    ['dies', (res) => setImmediate(() => res.destroy())],
    ['turns into garbage', (res) => res.write('data: {{{\n\n')],
    ['turns into an error', (res) => res.write('data: {"error":{"message":"overloaded","code":"server_error"}}\n\n')],
    ['ends too early', (res) => res.end()],
    ['falls silent', () => undefined],
  ])('and %s ends with an error event and [DONE], not like an answer', async (_what, go) => {
    await using upstream = await startUpstream((_request, res) => {
      openStream(res)(chunk({ content: 'half' }));
      go(res);
    });
    const wild = {
      baseUrl: `${upstream.url}/v1`,
      api: 'openai-completions',
      timeoutSeconds: 1,
      models: [{ id: 'm', name: 'M' }],
    };
    await using gateway = await startTestGateway({ config: { models: { providers: { wild } } } });
    const answer = await ask(gateway, { model: 'wild/m', stream: true });
    expect(answer.status).toBe(200);
    const events = await readEvents(answer);
    expect(events.at(-1)).toBe('[DONE]');
    expect(JSON.parse(events.at(-2) ?? '')).toMatchObject({ error: { message: expect.stringMatching(/^wild /) } });
    expect(events.join('\n')).toContain('"content":"half"');
    expect(events.join('\n')).not.toContain('"finish_reason":"stop"');
    const responses = await readEvents(await ask(gateway, { model: 'wild/m', stream: true, path: 'responses' }));
    expect(responses.at(-1)).toBe('[DONE]');
    expect(JSON.parse(responses.at(-2) ?? '')).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed' },
    });
    await expectAlive(gateway);
  });
});
