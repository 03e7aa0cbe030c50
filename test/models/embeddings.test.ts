import { describe, expect, it } from 'vitest';
import { findGatewayError } from '../../sdk/protocol/errors.ts';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import type { ModelFailure } from '../../server/models/provider.ts';
import { isWithinTokens } from '../../server/models/tokens.ts';
import { json, type Respond, startUpstream } from '../upstream.ts';
import { createTestRegistry, never } from './calling.ts';

/** How each API for vectors is spoken: a vector is `[number of the text, 1]`. */
const apis = {
  'openai-completions': {
    base: '/v1',
    most: 256,
    textsOf: (body: { input: string[] }) => body.input,
    toAnswer: (vectors: unknown[]) => ({
      data: vectors.map((embedding, index) => ({ index, embedding })).reverse(),
      usage: { prompt_tokens: vectors.length },
    }),
  },
  'google-generative-ai': {
    base: '/v1beta',
    most: 100,
    textsOf: (body: { requests: { content: { parts: { text: string }[] } }[] }) =>
      body.requests.map(({ content }) => content.parts[0]?.text ?? ''),
    toAnswer: (vectors: unknown[]) => ({ embeddings: vectors.map((values) => ({ values })) }),
  },
  ollama: {
    base: '',
    most: 64,
    textsOf: (body: { input: string[] }) => body.input,
    toAnswer: (vectors: unknown[]) => ({ embeddings: vectors, prompt_eval_count: vectors.length }),
  },
} as const;

type Api = keyof typeof apis;
const names = Object.keys(apis) as Api[];

const answering =
  (api: Api, toValue: (text: string) => unknown = (text) => [Number(text), 1]): Respond =>
  (request, res) => {
    const texts = apis[api].textsOf(request.body as never);
    json(200, apis[api].toAnswer(texts.map(toValue)))(request, res);
  };

async function open(api: Api, more: ProviderConfig, ...scripts: Respond[]) {
  const upstream = await startUpstream(...scripts);
  const test = { api, baseUrl: upstream.url + apis[api].base, apiKey: 'key-of-the-test', ...more };
  const registry = createTestRegistry({ models: { providers: { test } } });
  return {
    upstream,
    embed: (inputs: (string | number[])[], options = {}, signal = never) =>
      registry.embed('test/my-embedder', { inputs, ...options }, signal),
    async [Symbol.asyncDispose]() {
      await registry.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

async function failureOf(promised: Promise<unknown>): Promise<ModelFailure> {
  const error = await promised.then(
    () => new Error('no failure'),
    (thrown) => thrown,
  );
  return findGatewayError(error)?.details?.failure as ModelFailure;
}

describe.each(names)('embeddings over %s', (api) => {
  it('come in the order of the texts, in batches that the provider takes, some at a time', async () => {
    let open_ = 0;
    let most = 0;
    const slowly: Respond = async (request, res) => {
      most = Math.max(most, ++open_);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open_--;
      await answering(api)(request, res);
    };
    await using house = await open(api, {}, slowly);
    const texts = Array.from({ length: 1000 }, (_, at) => String(at));
    const { vectors, inputTokens, model } = await house.embed(texts);
    expect(vectors.map(([first]) => first)).toEqual(texts.map(Number));
    expect(inputTokens).toBe(1000);
    expect(model).toBe('test/my-embedder');
    const sizes = house.upstream.requests.map(({ body }) => apis[api].textsOf(body).length);
    expect(Math.max(...sizes)).toBe(apis[api].most);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('of tokens are asked for as text', async () => {
    await using house = await open(
      api,
      {},
      answering(api, () => [1]),
    );
    await house.embed([[9906, 1917], 'and text']);
    expect(apis[api].textsOf((await house.upstream.request(0)).body)).toEqual(['Hello world', 'and text']);
  });

  it.each<[string, unknown]>([
    ['no numbers', 'oops'],
    ['nothing', []],
    ['null for a number', [null, 1]],
    ['more than a float holds', [1e300, 1]],
    ['a text for a number', ['1', 1]],
  ])('refuse %s', async (_, value) => {
    await using house = await open(
      api,
      {},
      answering(api, () => value),
    );
    const failure = await failureOf(house.embed(['1', '2']));
    expect(failure).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('embeddings that cannot be read'),
    });
  });

  it('refuse vectors of different lengths, too few and too many', async () => {
    const uneven = answering(api, (text) => (text === '1' ? [1] : [1, 2]));
    await using house = await open(api, {}, uneven);
    expect((await failureOf(house.embed(['1', '2']))).kind).toBe('unknown');
    house.upstream.answer((request, res) => json(200, apis[api].toAnswer([[1]]))(request, res));
    expect((await failureOf(house.embed(['1', '2']))).kind).toBe('unknown');
    expect((await failureOf(house.embed([]).then(() => house.embed(['1', '2'])))).kind).toBe('unknown');
  });

  it('say so when a model cannot have the dimensions asked for', async () => {
    await using house = await open(api, {}, answering(api));
    await expect(house.embed(['1'], { dimensions: 3 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { param: 'dimensions' },
      message: expect.stringContaining('2 dimensions'),
    });
    expect((await house.embed(['1'], { dimensions: 2 })).vectors[0]).toHaveLength(2);
  });

  it.each([
    [401, 'auth', 1],
    [400, 'bad_request', 1],
    [429, 'rate_limit', 3],
    [500, 'unavailable', 3],
  ] as const)(
    'fail with the kind of a %i, tried again when that may help, and tell no key',
    async (status, kind, tries) => {
      await using house = await open(api, {}, json(status, { error: { message: 'no, key-of-the-test' } }));
      const failure = await failureOf(house.embed(['1']));
      expect(failure).toMatchObject({ kind, httpStatus: status });
      expect(JSON.stringify(failure)).not.toContain('key-of-the-test');
      expect(house.upstream.requests).toHaveLength(tries);
    },
  );

  it('come when the provider was busy for a moment', async () => {
    await using house = await open(api, {}, json(503, {}), answering(api));
    expect((await house.embed(['7'])).vectors[0]?.[0]).toBe(7);
  });

  it('end the other batches when one fails', async () => {
    const stalled: Respond = () => undefined;
    await using house = await open(api, {}, stalled, json(400, { error: { message: 'no' } }), stalled);
    const texts = Array.from({ length: apis[api].most * 3 }, (_, at) => String(at));
    expect((await failureOf(house.embed(texts))).kind).toBe('bad_request');
    await (await house.upstream.request(0)).hungUp;
  });

  it('are given up when the provider stalls, or the caller leaves; either way it is hung up', async () => {
    await using house = await open(api, { timeoutSeconds: 0.1 }, () => undefined);
    const failure = await failureOf(house.embed(['1']));
    expect(failure).toMatchObject({ kind: 'timeout', message: expect.stringContaining('timeoutSeconds') });
    await (await house.upstream.request(0)).hungUp;
    const leaving = new AbortController();
    await using patient = await open(api, {}, () => undefined);
    const asked = patient.embed(['1'], {}, leaving.signal);
    const { hungUp } = await patient.upstream.request(0);
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
    await hungUp;
  });
});

describe('embeddings over OpenAI’s API', () => {
  const base64 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

  it('read vectors in base64, and refuse what is no number in them', async () => {
    await using house = await open(
      'openai-completions',
      {},
      answering('openai-completions', () => base64(0.5, -1)),
    );
    expect([...((await house.embed(['1'])).vectors[0] ?? [])]).toEqual([0.5, -1]);
    house.upstream.answer(answering('openai-completions', () => base64(Number.NaN, 1)));
    expect((await failureOf(house.embed(['1']))).kind).toBe('unknown');
  });

  it('hand tokens to OpenAI’s own models unchanged', async () => {
    await using upstream = await startUpstream(answering('openai-completions', () => [1]));
    const openai = { baseUrl: `${upstream.url}/v1`, apiKey: 'key-of-the-test', api: 'openai-completions' };
    await using registry = createTestRegistry({ models: { providers: { openai } } });
    await registry.embed('text-embedding-3-small', { inputs: [[9906, 1917], [1]], strict: true }, never);
    expect((await upstream.request(0)).body).toMatchObject({
      model: 'text-embedding-3-small',
      input: [[9906, 1917], [1]],
    });
  });

  it('take few long texts at a time', async () => {
    await using house = await open(
      'openai-completions',
      {},
      answering('openai-completions', () => [1]),
    );
    await house.embed(Array.from({ length: 40 }, () => 'x'.repeat(24_000)));
    const sizes = house.upstream.requests.map(({ body }) => body.input.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(31);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40);
  });
});

describe('the model for embeddings', () => {
  const openai = { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'key-of-the-test' };

  it.each(['text-embedding-3-small', 'nobody/embedder', 'claude'])(
    '%s that nobody has is refused with those there are, never replaced',
    async (reference) => {
      const house = { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'k', models: [{ id: 'nomic-embed-text' }] };
      await using registry = createTestRegistry({ models: { providers: { house } } });
      await expect(registry.embed(reference, { inputs: ['a'], strict: true }, never)).rejects.toMatchObject({
        details: { code: 'MODEL_NOT_FOUND' },
        message: expect.stringContaining('house/nomic-embed-text'),
      });
    },
  );

  it('of a name that nothing is known of is asked for where it was named, and not where an agent writes with it', async () => {
    await using upstream = await startUpstream(answering('openai-completions'));
    const models = [{ id: 'writer', name: 'Writer' }];
    const test = { api: 'openai-completions' as const, baseUrl: `${upstream.url}/v1`, apiKey: 'key', models };
    const registry = createTestRegistry({ models: { providers: { test } } });
    const embed = (reference: string, strict: boolean) => registry.embed(reference, { inputs: ['1'], strict }, never);
    expect((await embed('test/vectors-of-ours', true)).model).toBe('test/vectors-of-ours');
    expect((await embed('test/vectors-of-ours', false)).model).toBe('builtin/lexical-384');
    await expect(embed('test/writer', true)).rejects.toThrow('no model for embeddings');
    await registry.close();
    expect(upstream.requests.map(({ body }) => body.model)).toEqual(['vectors-of-ours']);
  });

  it('is refused when its provider cannot be used', async () => {
    await using registry = createTestRegistry({ models: { providers: { openai: { ...openai, baseUrl: 'ftp://x' } } } });
    await expect(
      registry.embed('text-embedding-3-small', { inputs: ['a'], strict: true }, never),
    ).rejects.toMatchObject({
      details: { code: 'MODEL_NOT_FOUND' },
    });
  });

  it('is the local one for an agent whose provider has none', async () => {
    await using registry = createTestRegistry({});
    expect((await registry.embed('anthropic/claude', { inputs: ['a'] }, never)).model).toBe('builtin/lexical-384');
  });
});

describe('the limit of tokens', () => {
  it.each<[string, boolean]>([
    ['word '.repeat(8192).trimEnd(), true],
    ['word '.repeat(8300), false],
    ['a'.repeat(60_000), true],
    ['a'.repeat(80_000), false],
    ['語'.repeat(20_000), false],
    ['<|endoftext|>', true],
  ])('holds', async (text, isWithin) => {
    expect(await isWithinTokens(text)).toBe(isWithin);
  });
});
