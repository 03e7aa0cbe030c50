import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import { dialects } from '../dialects.ts';
import { die, json, pieces, type Respond, stall, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, failureOf, hello, never, textOf } from './calling.ts';

const tool = {
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
};

describe.each(dialects)('a provider that speaks $api', (dialect) => {
  const { api, type } = dialect;

  async function start(...scripts: Respond[]) {
    const upstream = await startUpstream(...scripts);
    const connect = (more: ProviderConfig = {}, agents?: Parameters<typeof createRegistryWith>[1]) =>
      createRegistryWith({ api, baseUrl: upstream.url + dialect.base, apiKey: 'key-of-the-test', ...more }, agents);
    return { upstream, connect };
  }

  it('streams text and reports the usage', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(events.slice(0, 2)).toEqual([
      { type: 'text', delta: 'Hello' },
      { type: 'text', delta: ' world' },
    ]);
    const input = api === 'ollama' ? 7 : 5;
    expect(events[2]).toMatchObject({ type: 'finish', reason: 'stop', usage: { input, output: 3, total: 10 } });
    if (api !== 'ollama') expect(events[2]).toMatchObject({ usage: { cacheRead: 2 } });
    expect(events).toHaveLength(3);
  });

  it('asks with its own key and nothing else', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect({ headers: { 'x-team': 'blue' } });
    await collect(registry.find('test/model-1').stream(hello, never));
    const seen = await upstream.request(0);
    expect(`${seen.method} ${seen.url}`).toBe(`POST ${dialect.path}`);
    const [name, value] = dialect.credential;
    expect(seen.headers).toMatchObject({ [name]: value, 'x-team': 'blue' });
    const credentials = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie'];
    expect(credentials.filter((header) => seen.headers[header] !== undefined)).toEqual([name]);
  });

  it('sends no credential when it has none, whatever the environment of the process holds', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    const names = [
      'OPENAI_API_KEY',
      'ANTHROPIC_API_KEY',
      'GOOGLE_GENERATIVE_AI_API_KEY',
      'OPENAI_BASE_URL',
      'ANTHROPIC_BASE_URL',
    ];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = 'http://127.0.0.1:9/foreign-key';
    try {
      await using registry = connect({ apiKey: undefined });
      expect(textOf(await collect(registry.find('test/model-1').stream(hello, never)))).toBe('Hello world');
      expect(JSON.stringify(upstream.requests)).not.toMatch(/foreign-key|set by/);
    } finally {
      for (const [at, name] of names.entries()) {
        if (before[at] === undefined) delete process.env[name];
        else process.env[name] = before[at];
      }
    }
  });

  it('passes the sampling on', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect();
    const sampling = { maxOutputTokens: 321, temperature: 0.25, topP: 0.75, stop: ['HALT'] };
    await collect(registry.find('test/model-1').stream({ ...hello, sampling }, never));
    const { body } = await upstream.request(0);
    expect(dialect.limit(body as never)).toBe(321);
    const sent = JSON.stringify(body);
    expect(sent).toContain('0.25');
    // Anthropic takes one of the two, OpenAI's responses have no stop sequences.
    if (api !== 'anthropic-messages') expect(sent).toContain('0.75');
    if (api !== 'openai-responses') expect(sent).toContain('HALT');
  });

  it('offers tools and gives complete calls back', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.call));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream({ ...hello, tools: [tool] }, never));
    expect(events).toMatchObject([
      { type: 'toolCall', name: 'look', arguments: { at: 'sky' } },
      { type: 'finish', reason: 'toolCalls' },
    ]);
    expect(events[0]).toHaveProperty('id', expect.stringMatching(/./));
    const sent = JSON.stringify((await upstream.request(0)).body);
    expect(sent).toContain('"Looks."');
    expect(sent).toContain('"at":{"type":"string"');
  });

  it('carries a conversation with images, calls and results', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect();
    await collect(
      registry.find('test/model-1').stream(
        {
          system: 'Be brief.',
          tools: [tool],
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?' },
                { type: 'image', mimeType: 'image/png', data: 'aWNvbg==' },
              ],
            },
            {
              role: 'assistant',
              content: [
                { type: 'text', text: 'I look.' },
                { type: 'toolCall', id: 'call_7', name: 'look', arguments: { at: 'icon' } },
              ],
            },
            { role: 'tool', toolCallId: 'call_7', toolName: 'look', output: 'an icon of a lobster', isError: false },
          ],
        },
        never,
      ),
    );
    const sent = JSON.stringify((await upstream.request(0)).body);
    for (const part of ['Be brief.', 'What is this?', 'aWNvbg==', 'I look.', 'an icon of a lobster'])
      expect(sent).toContain(part);
    expect(sent.replaceAll('\\', '')).toContain('{"at":"icon"}');
  });

  it('reports a refused key without showing it', async () => {
    const { upstream, connect } = await start(json(401, dialect.refusal));
    await using _ = upstream;
    await using registry = connect();
    const failure = failureOf(await collect(registry.find('test/model-1').stream(hello, never)));
    expect(failure).toMatchObject({
      kind: 'auth',
      provider: 'test',
      model: 'model-1',
      httpStatus: 401,
      retryable: false,
    });
    expect(failure.message).toContain('test answered 401');
    expect(failure.message).toContain('***');
    expect(failure.message).toContain('models.providers.test.apiKey');
    expect(JSON.stringify(failure) + registry.log.lines.join()).not.toContain('key-of-the-test');
    expect(upstream.requests).toHaveLength(1);
  });

  it('fails when the provider falls silent, and hangs up', async () => {
    const { upstream, connect } = await start(stall(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect({ timeoutSeconds: 0.15 });
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(textOf(events)).toBe('Hello');
    const failure = failureOf(events);
    expect(failure.kind).toBe('timeout');
    expect(failure.message).toContain('nothing for 0.15 s');
    expect(failure.message).toContain('models.providers.test.timeoutSeconds');
    await (await upstream.request(0)).hungUp;
  });

  it('fails when the whole call takes too long', async () => {
    const { upstream, connect } = await start(stall(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect({}, { defaults: { timeoutSeconds: 0.15 } });
    const failure = failureOf(await collect(registry.find('test/model-1').stream(hello, never)));
    expect(failure.kind).toBe('timeout');
    expect(failure.message).toContain('agents.defaults.timeoutSeconds');
    await (await upstream.request(0)).hungUp;
  });

  it('fails when the connection dies in the middle', async () => {
    const { upstream, connect } = await start(die(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(textOf(events)).toBe('Hello');
    expect(failureOf(events)).toMatchObject({ kind: 'unavailable', retryable: true });
    expect(failureOf(events).message).toContain('before the answer was complete');
    expect(upstream.requests).toHaveLength(1);
  });

  it('fails when the stream ends without its end', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(textOf(events)).toBe('Hello');
    expect(failureOf(events)).toMatchObject({ kind: 'unavailable', retryable: true });
  });

  it('fails with the words of an error inside the stream', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.broken));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(textOf(events)).toBe('Hello');
    expect(failureOf(events).message).toContain('the backend fell over');
  });

  it('fails on a stream that cannot be read', async () => {
    const garbled = type === 'text/event-stream' ? ['data: {"half": \n\n'] : ['{"half": \n'];
    const { upstream, connect } = await start(pieces(type, [...dialect.text.slice(0, dialect.begun), ...garbled]));
    await using _ = upstream;
    await using registry = connect();
    const events = await collect(registry.find('test/model-1').stream(hello, never));
    expect(textOf(events)).toBe('Hello');
    expect(failureOf(events).message).toMatch(/cannot be read|before the answer was complete/);
  });

  it('reads characters that are cut between two pieces', async () => {
    const bytes = Buffer.from(dialect.text.join('').replace('Hello', 'Hællo 🦞'));
    const script: Respond = async (_request, answer) => {
      answer.writeHead(200, { 'content-type': type });
      for (const byte of bytes) {
        answer.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      answer.end();
    };
    const { upstream, connect } = await start(script);
    await using _ = upstream;
    await using registry = connect();
    expect(textOf(await collect(registry.find('test/model-1').stream(hello, never)))).toBe('Hællo 🦞 world');
  });

  it('hangs up when the caller aborts, before the first event and in the middle', async () => {
    const silent: Respond = () => undefined;
    const { upstream, connect } = await start(silent, stall(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect();

    const early = new AbortController();
    const first = collect(registry.find('test/model-1').stream(hello, early.signal));
    const request = await upstream.request(0);
    early.abort();
    expect(await first).toEqual([]);
    await request.hungUp;

    const late = new AbortController();
    const events = [];
    for await (const event of registry.find('test/model-1').stream(hello, late.signal)) {
      events.push(event);
      late.abort();
    }
    expect(events).toEqual([{ type: 'text', delta: 'Hello' }]);
    await (await upstream.request(1)).hungUp;
  });

  it('hangs up when the caller leaves the loop', async () => {
    const { upstream, connect } = await start(stall(type, dialect.text.slice(0, dialect.begun)));
    await using _ = upstream;
    await using registry = connect();
    for await (const event of registry.find('test/model-1').stream(hello, never)) {
      expect(event).toEqual({ type: 'text', delta: 'Hello' });
      break;
    }
    await (await upstream.request(0)).hungUp;
  });

  it('tries again when the provider was busy', async () => {
    const busy = json(503, { error: { message: 'try later' } });
    const { upstream, connect } = await start(busy, busy, pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect();
    expect(textOf(await collect(registry.find('test/model-1').stream(hello, never)))).toBe('Hello world');
    expect(upstream.requests).toHaveLength(3);
    expect(registry.log.lines.filter((line) => line.includes('next try'))).toHaveLength(2);
  });

  it('keeps its connections for the next calls', async () => {
    const { upstream, connect } = await start(pieces(type, dialect.text));
    await using _ = upstream;
    await using registry = connect();
    for (let call = 0; call < 6; call++) {
      expect(textOf(await collect(registry.find('test/model-1').stream(hello, never)))).toBe('Hello world');
    }
    // A second one is opened when the end of an answer is still under way.
    expect(upstream.connections()).toBeLessThanOrEqual(2);
  });

  it('does not follow a redirect to another host', async () => {
    await using elsewhere = await startUpstream(pieces(type, dialect.text));
    const redirect: Respond = (_request, answer) => {
      answer.writeHead(307, { location: `${elsewhere.url}${dialect.path}` });
      answer.end();
    };
    const { upstream, connect } = await start(redirect);
    await using _ = upstream;
    await using registry = connect();
    const failure = failureOf(await collect(registry.find('test/model-1').stream(hello, never)));
    expect(failure.message).toContain('models.providers.test.baseUrl');
    expect(elsewhere.requests).toEqual([]);
  });
});
