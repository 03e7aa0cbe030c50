import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { ModelRow } from '../../sdk/protocol/models.ts';
import type { Config } from '../../server/config/config.ts';
import { dialects } from '../dialects.ts';
import { json, pieces, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, failureOf, hello, never, textOf } from './calling.ts';

const local = 'http://127.0.0.1:1/v1';
const withProviders = (providers: NonNullable<Config['models']>['providers'], primary?: string): Config => ({
  models: { providers },
  ...(primary !== undefined && { agents: { defaults: { model: primary } } }),
});
const chat = dialects[0];
if (!chat) throw new Error('no dialect');
/** What a key looks like whose variable the configuration could not find. */
const unresolved = ['$', '{ACME_KEY}'].join('');

describe('find', () => {
  const registry = createTestRegistry(
    withProviders({
      acme: { baseUrl: local, models: [{ id: 'anvil-1', contextWindow: 8192 }, { id: 'meta-llama/anvil-2' }] },
      openrouter: { apiKey: 'k' },
    }),
  );
  const found = (reference: string) => {
    const { provider, id, api, contextWindow } = registry.find(reference);
    return { provider, id, api, contextWindow };
  };

  it('takes a provider and any of its ids, listed or not, with slashes or without', () => {
    expect(found('acme/anvil-1')).toEqual({
      provider: 'acme',
      id: 'anvil-1',
      api: 'openai-completions',
      contextWindow: 8192,
    });
    expect(found('acme/of-tomorrow')).toMatchObject({ id: 'of-tomorrow', contextWindow: undefined });
    expect(found('acme/meta-llama/anvil-2')).toMatchObject({ provider: 'acme', id: 'meta-llama/anvil-2' });
    expect(found('openrouter/anthropic/claude')).toMatchObject({ provider: 'openrouter', id: 'anthropic/claude' });
    expect(found('openrouter/auto')).toMatchObject({ provider: 'openrouter', id: 'openrouter/auto' });
  });

  it('takes a bare id that a provider lists', () => {
    expect(found('anvil-1')).toMatchObject({ provider: 'acme', id: 'anvil-1' });
    expect(found(' meta-llama/anvil-2 ')).toMatchObject({ provider: 'acme', id: 'meta-llama/anvil-2' });
  });

  it('takes a known provider that nobody gave a key, whose calls say what is missing', async () => {
    for (const [reference, variable] of [
      ['anthropic/claude-opus-5', 'ANTHROPIC_API_KEY'],
      ['gemini/x', 'GEMINI_API_KEY or GOOGLE_API_KEY'],
    ] as const) {
      const failure = failureOf(await collect(registry.find(reference).stream(hello, never)));
      expect(failure.kind).toBe('auth');
      expect(failure.message).toContain(`Set ${variable}`);
    }
  });

  it.each(['acem/anvil-1', 'anvil', '', '/', 'acme/', 'x'.repeat(5000)])(
    'refuses %j and names what is near',
    (reference) => {
      try {
        registry.find(reference);
        expect.unreachable();
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        expect(error.code).toBe('INVALID_REQUEST');
        expect(error.details).toMatchObject({ code: 'MODEL_NOT_FOUND' });
        expect(error.message.length).toBeLessThan(600);
        if (reference.startsWith('a')) expect(error.message).toContain('acme/anvil-1');
      }
    },
  );

  it('has the guide always', async () => {
    expect(textOf(await collect(createTestRegistry({}).find('builtin/guide').stream(hello, never)))).toBe('guided');
  });
});

describe('fallback', () => {
  const fallback = (config: Config, env: Record<string, string> = {}) => createTestRegistry(config, { env }).fallback();

  it('prefers the keys of the environment in a fixed order', () => {
    const env: Record<string, string> = {
      OPENROUTER_API_KEY: 'k',
      GOOGLE_API_KEY: 'k',
      GEMINI_API_KEY: 'k',
      ANTHROPIC_API_KEY: 'k',
      OPENAI_API_KEY: 'k',
    };
    const choices = [];
    for (const name of [
      'OPENAI_API_KEY',
      'ANTHROPIC_API_KEY',
      'GEMINI_API_KEY',
      'GOOGLE_API_KEY',
      'OPENROUTER_API_KEY',
    ]) {
      choices.push(fallback({}, env));
      delete env[name];
    }
    expect(choices.map(({ reason }) => reason)).toEqual([
      'OPENAI_API_KEY is set',
      'ANTHROPIC_API_KEY is set',
      'GEMINI_API_KEY is set',
      'GOOGLE_API_KEY is set',
      'OPENROUTER_API_KEY is set',
    ]);
    expect(choices.map(({ model }) => model.split('/')[0])).toEqual([
      'openai',
      'anthropic',
      'google',
      'google',
      'openrouter',
    ]);
    expect(fallback({}, env)).toEqual({
      model: 'builtin/guide',
      reason: 'no model is configured: set OPENAI_API_KEY or agents.defaults.model.primary',
    });
  });

  it('prefers a configured provider to the environment, but none that cannot be called', () => {
    const env = { OPENAI_API_KEY: 'k' };
    const acme = { baseUrl: local, models: [{ id: 'text-embedding-x' }, { id: 'anvil-1' }] };
    expect(fallback(withProviders({ acme }), env)).toEqual({
      model: 'acme/anvil-1',
      reason: 'models.providers.acme is configured',
    });
    expect(fallback(withProviders({ acme: { ...acme, apiKey: unresolved } }), env).reason).toBe(
      'OPENAI_API_KEY is set',
    );
    expect(fallback(withProviders({ acme: { ...acme, api: 'bedrock-converse-stream' } }), env).reason).toBe(
      'OPENAI_API_KEY is set',
    );
    expect(fallback(withProviders({ acme: { models: acme.models } }), env).reason).toBe('OPENAI_API_KEY is set');
  });

  it('takes an empty key for none', () => {
    expect(fallback({}, { OPENAI_API_KEY: ' ' }).model).toBe('builtin/guide');
  });
});

describe('keys', () => {
  it('of the environment go to the address that the environment names', async () => {
    await using upstream = await startUpstream(pieces(chat.type, chat.text));
    await using registry = createTestRegistry(
      {},
      { env: { OPENAI_API_KEY: 'env-key', OPENAI_BASE_URL: `${upstream.url}/v1/` } },
    );
    expect(textOf(await collect(registry.find(registry.fallback().model).stream(hello, never)))).toBe('Hello world');
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: 'Bearer env-key' },
    });
  });

  it('of the environment never go to an address that the configuration gives', async () => {
    await using upstream = await startUpstream(pieces(chat.type, chat.text));
    const config = withProviders({ openai: { baseUrl: `${upstream.url}/v1` } });
    await using registry = createTestRegistry(config, {
      env: { OPENAI_API_KEY: 'env-key', ANTHROPIC_API_KEY: 'other' },
    });
    expect(textOf(await collect(registry.find('openai/any').stream(hello, never)))).toBe('Hello world');
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    [unresolved, 'models.providers.acme.apiKey refers to a secret that is not available'],
    ['$ACME_KEY', 'models.providers.acme.apiKey has no value'],
    ['', 'models.providers.acme.apiKey has no value'],
    ['two words', 'models.providers.acme.apiKey has characters that no API key has'],
  ])('such as %j are missing: nothing is sent, and the call says so', async (apiKey, words) => {
    await using upstream = await startUpstream(json(200, {}));
    await using registry = createTestRegistry(
      withProviders({ acme: { baseUrl: upstream.url, apiKey, models: [{ id: 'a' }] } }),
    );
    const failure = failureOf(await collect(registry.find('acme/a').stream(hello, never)));
    expect(failure).toMatchObject({ kind: 'auth', retryable: false, message: expect.stringContaining(words) });
    expect(registry.list()).toContainEqual(
      expect.objectContaining({ id: 'a', available: false, unavailableReason: 'missing-auth' }),
    );
    expect(registry.log.lines.join()).toContain(words);
    expect(upstream.requests).toEqual([]);
  });

  it('may stand in a header of their own', async () => {
    await using upstream = await startUpstream(json(401, { error: { message: 'bad key header-key-1' } }));
    const headers = { 'Api-Key': 'header-key-1' };
    await using registry = createTestRegistry(withProviders({ acme: { baseUrl: upstream.url, headers } }));
    const failure = failureOf(await collect(registry.find('acme/a').stream(hello, never)));
    expect(upstream.requests[0]?.headers).toMatchObject({ 'api-key': 'header-key-1' });
    expect(failure.message).not.toContain('header-key-1');
  });
});

describe('a provider that is configured wrongly', () => {
  it.each([
    [{ api: 'github-copilot', baseUrl: local }, 'does not speak. Use one of openai-completions'],
    [{}, 'models.providers.acme.baseUrl is missing'],
    [{ baseUrl: 'ftp://x' }, 'not an http or https address'],
    [{ baseUrl: 'http://me:hidden@host' }, 'models.providers.acme.headers'],
  ])('%j fails its calls with the key to correct', async (provider, words) => {
    await using registry = createTestRegistry(withProviders({ acme: provider }));
    const failure = failureOf(await collect(registry.find('acme/a').stream(hello, never)));
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: false, message: expect.stringContaining(words) });
    expect(failure.message).not.toContain('hidden');
  });

  it('that nobody answers for says where it looked', async () => {
    const closed = async () => {
      await using gone = await startUpstream(json(200, {}));
      return `${gone.url}/v1`;
    };
    const baseUrl = await closed();
    await using registry = createTestRegistry(withProviders({ acme: { baseUrl } }));
    const failure = failureOf(await collect(registry.find('acme/a').stream(hello, never)));
    expect(failure).toMatchObject({
      kind: 'unavailable',
      message: `acme is not there: nothing answers at ${baseUrl}: is it running?`,
    });
    expect(registry.log.lines.filter((line) => line.includes('next try'))).toHaveLength(2);
  });
});

describe('list', () => {
  it('has the default first, marked, and every row fits its shape', () => {
    const config = withProviders(
      {
        acme: {
          baseUrl: local,
          models: [{ id: 'a' }, { id: 'b', name: 'B', contextWindow: 9, reasoning: true, input: ['text', 'image'] }],
        },
      },
      'acme/b',
    );
    const rows = createTestRegistry(config, { env: { ANTHROPIC_API_KEY: 'k' } }).list();
    for (const row of rows) ModelRow.parse(row);
    expect(rows[0]).toMatchObject({
      provider: 'acme',
      id: 'b',
      name: 'B',
      contextWindow: 9,
      reasoning: true,
      input: ['text', 'image'],
      available: true,
      tags: ['default'],
    });
    expect(rows.slice(1).map(({ provider, tags }) => [provider, tags])).toEqual([
      ['acme', undefined],
      ['anthropic', undefined],
      ['builtin', undefined],
    ]);
  });

  it('shows a default that nobody lists, and why it cannot be used', () => {
    const first = (config: Config) => createTestRegistry(config).list()[0];
    expect(first(withProviders({}, 'anthropic/claude-opus-5'))).toMatchObject({
      provider: 'anthropic',
      id: 'claude-opus-5',
      available: false,
      unavailableReason: 'missing-auth',
      tags: ['default'],
    });
    expect(first(withProviders({ acme: { baseUrl: local } }, 'acme/new'))).toMatchObject({
      provider: 'acme',
      id: 'new',
      available: true,
    });
    expect(first(withProviders({}, 'nobody/x'))).toMatchObject({ provider: 'nobody', available: false });
    expect(first({})).toMatchObject({ provider: 'builtin', id: 'guide', tags: ['default'] });
  });
});

describe('a model that the configuration describes', () => {
  it('is not asked for more than it can do', async () => {
    await using upstream = await startUpstream(pieces(chat.type, chat.text));
    const models = [{ id: 'small', maxTokens: 100, reasoning: false }];
    await using registry = createTestRegistry(withProviders({ acme: { baseUrl: upstream.url, models } }));
    const small = registry.find('acme/small');
    await collect(small.stream({ ...hello, thinking: 'high' }, never));
    await collect(small.stream({ ...hello, sampling: { maxOutputTokens: 500 } }, never));
    await collect(small.stream({ ...hello, sampling: { maxOutputTokens: 50 } }, never));
    expect(upstream.requests.map(({ body }) => body.max_tokens)).toEqual([100, 100, 50]);
    expect(upstream.requests[0]?.body).not.toHaveProperty('reasoning_effort');
  });
});

describe('embed', () => {
  it('falls back to the lexical embedding where the provider has none', async () => {
    await using registry = createTestRegistry(
      withProviders({
        acme: { baseUrl: local, models: [{ id: 'anvil-1' }] },
        claude: { baseUrl: local, api: 'anthropic-messages' },
      }),
    );
    for (const reference of [undefined, 'acme/anvil-1', 'builtin/guide', 'nobody/x', 'claude/embed-1']) {
      const answer = await registry.embed(reference, { inputs: ['a', 'b'] }, never);
      expect(answer.model).toBe('builtin/lexical-384');
      expect(answer.vectors.map(({ length }) => length)).toEqual([384, 384]);
    }
  });

  it('uses the embedding model that the provider of a chat model lists', async () => {
    await using upstream = await startUpstream(
      json(200, { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 1 } }),
    );
    const models = [{ id: 'anvil-1' }, { id: 'anvil-embed' }];
    await using registry = createTestRegistry(withProviders({ acme: { baseUrl: upstream.url, models } }));
    expect(await registry.embed('acme/anvil-1', { inputs: ['a'] }, never)).toMatchObject({
      model: 'acme/anvil-embed',
      inputTokens: 1,
    });
    expect(await registry.embed('anvil-embed', { inputs: ['a'] }, never)).toMatchObject({ model: 'acme/anvil-embed' });
    expect(upstream.requests.map(({ body }) => body.model)).toEqual(['anvil-embed', 'anvil-embed']);
  });
});
