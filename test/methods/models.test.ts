import { describe, expect, it } from 'vitest';
import type { ModelRow, ProviderAuth } from '../../sdk/protocol/models.ts';
import type { Config } from '../../server/config/config.ts';
import { upstreamKey } from '../gateway.ts';
import { openRoom } from '../room.ts';
import { faultsOf } from '../wire/schema.ts';

async function open(config: Config = {}, env: Record<string, string> = {}) {
  const room = await openRoom({ config, env, scopes: ['operator.write'] });
  const { client } = room;
  return {
    ...client,
    ...room,
    async list(params: object = {}) {
      const answer = await client.call<{ models: ModelRow[]; providerOutcomes?: object[] }>('models.list', params);
      expect(faultsOf('ModelsListResult', answer)).toEqual([]);
      return answer;
    },
  };
}

const shown = (rows: readonly ModelRow[]) =>
  rows.map(({ provider, id, tags = [] }) => `${provider}/${id}${tags.length > 0 ? ` ${tags.join(' ')}` : ''}`);

const house = {
  baseUrl: 'http://127.0.0.1:9/v1',
  models: [{ id: 'deep', reasoning: true, contextWindow: 1000, input: ['text' as const] }],
};
const agents = {
  defaults: { model: { primary: 'up/one', fallbacks: ['house/deep'] } },
  entries: { main: {}, writer: { model: 'house/deep', thinkingDefault: 'high' } },
};

describe('models.list', () => {
  it('marks what each agent uses, and how it thinks', async () => {
    await using rooms = await open({ agents, models: { providers: { house } } });
    expect(shown((await rooms.list()).models)).toEqual(['up/one default', 'house/deep fallback-1', 'builtin/guide']);
    const { models } = await rooms.list({ agentId: 'writer' });
    expect(shown(models)).toEqual(['house/deep default', 'up/one', 'builtin/guide']);
    expect(models[0]).toMatchObject({ thinkingDefault: 'high', reasoning: true, contextWindow: 1000, input: ['text'] });
    expect(models[0]?.thinkingLevels?.map(({ id }) => id)).toEqual(['off', 'minimal', 'low', 'medium', 'high']);
    expect(models[1]).not.toHaveProperty('thinkingLevels');
    expect((await rooms.refused('models.list', { agentId: 'nobody' })).message).toContain('unknown agent');
  });

  it('marks the model of a session', async () => {
    await using rooms = await open({ agents, models: { providers: { house } } });
    await rooms.call('sessions.create', { key: 'main', model: 'house/deep' });
    expect(shown((await rooms.list({ sessionKey: 'main' })).models)).toEqual([
      'up/one default',
      'house/deep fallback-1 current',
      'builtin/guide',
    ]);
  });

  it('shows what it is asked for: views, a provider, details', async () => {
    await using rooms = await open({ agents, models: { providers: { house } } }, { ANTHROPIC_API_KEY: 'sk-ant-0' });
    const all = ['up/one default', 'house/deep fallback-1', 'anthropic/claude-sonnet-5', 'builtin/guide'];
    expect(shown((await rooms.list({ view: 'all' })).models)).toEqual(all);
    expect(shown((await rooms.list({ view: 'configured' })).models)).toEqual(all.slice(0, 2));
    expect(shown((await rooms.list({ view: 'provider-config' })).models).sort()).toEqual(['house/deep', 'up/one']);
    expect(shown((await rooms.list({ provider: 'anthropic' })).models)).toEqual(['anthropic/claude-sonnet-5']);
    const plain = (await rooms.list()).models;
    expect(plain.some((row) => 'local' in row || 'apiKeySupported' in row)).toBe(false);
    const { models } = await rooms.list({
      includeDetails: true,
      includeProviderCapabilities: true,
      preparedOnly: true,
    });
    expect(models.map(({ provider, local, apiKeySupported }) => [provider, local, apiKeySupported])).toEqual([
      ['up', true, true],
      ['house', true, true],
      ['anthropic', false, true],
      ['builtin', true, undefined],
    ]);
  });

  it('asks the providers when it is told to, and believes them', async () => {
    await using rooms = await open();
    const { upstream } = rooms.gateway;
    upstream.answer((_request, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ object: 'list', data: [{ id: 'one' }, { id: 'two' }, { id: 'text-embedding-9' }] }));
    });
    const mine = (rows: ModelRow[]) => shown(rows.filter(({ provider }) => provider === 'up'));
    expect(mine((await rooms.list({ view: 'all' })).models)).toEqual(['up/one default']);
    const fresh = await rooms.list({ view: 'all', refresh: true, provider: 'up' });
    expect(fresh.providerOutcomes).toEqual([{ provider: 'up', status: 'ready' }]);
    expect(mine(fresh.models)).toEqual(['up/one default', 'up/two']);
    expect(mine((await rooms.list()).models)).toEqual(['up/one default']);
    const asked = upstream.requests.filter(({ url }) => url === '/v1/models');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers.authorization).toBe(`Bearer ${upstreamKey}`);

    upstream.answer((_request, res) => void res.writeHead(401).end());
    const rejected = await rooms.list({ refresh: true });
    expect(rejected.providerOutcomes).toContainEqual({ provider: 'up', status: 'auth-rejected' });
    expect(rejected.models[0]).toMatchObject({ id: 'one', available: false, unavailableReason: 'auth-failed' });
    upstream.answer((_request, res) => void res.writeHead(503).end());
    expect((await rooms.list({ refresh: true })).providerOutcomes).toContainEqual({
      provider: 'up',
      status: 'unavailable',
    });
  });

  it('learns nothing from a server without a list, or with nonsense, and sends its key nowhere else', async () => {
    await using rooms = await open();
    const { upstream } = rooms.gateway;
    upstream.answer((_request, res) => void res.writeHead(404).end());
    expect((await rooms.list({ refresh: true, provider: 'up' })).providerOutcomes).toEqual([]);
    upstream.answer((_request, res) => void res.writeHead(302, { location: `${upstream.url}/elsewhere` }).end());
    expect((await rooms.list({ refresh: true, provider: 'up' })).providerOutcomes).toEqual([]);
    expect(upstream.requests.some(({ url }) => url === '/elsewhere')).toBe(false);
    upstream.answer((_request, res) => void res.writeHead(200).end('<html>'));
    const { models, providerOutcomes } = await rooms.list({ refresh: true, provider: 'up', view: 'all' });
    expect(providerOutcomes).toEqual([{ provider: 'up', status: 'ready' }]);
    expect(shown(models)).toEqual(['up/one default']);
  });
});

describe('models.authStatus', () => {
  it('tells where each key comes from, and never the key', async () => {
    await using rooms = await open(
      { models: { providers: { google: {}, ollama: { baseUrl: 'http://127.0.0.1:9' }, house } } },
      { ANTHROPIC_API_KEY: 'sk-ant-very-secret' },
    );
    const status = await rooms.call<{ providers: ProviderAuth[]; providerCapabilities: object[] }>('models.authStatus');
    const summary = status.providers.map((one) => [one.provider, one.displayName, one.status, one.apiKey]);
    expect(summary).toEqual(
      expect.arrayContaining([
        ['up', 'up', 'static', { source: 'config' }],
        ['google', 'Google', 'missing', undefined],
        ['ollama', 'Ollama', 'ok', undefined],
        ['house', 'house', 'ok', undefined],
        ['anthropic', 'Anthropic', 'static', { source: 'env', envVar: 'ANTHROPIC_API_KEY' }],
      ]),
    );
    expect(status.providers.find(({ provider }) => provider === 'google')?.problem).toContain('GEMINI_API_KEY');
    expect(status.providerCapabilities).toContainEqual({ provider: 'ollama', apiKeySupported: false });
    for (const secret of [upstreamKey, 'very-secret']) expect(JSON.stringify(status)).not.toContain(secret);
  });

  it('asks whether a key is taken, when it is told to', async () => {
    await using rooms = await open();
    rooms.gateway.upstream.answer((_request, res) => void res.writeHead(403).end());
    const of = async (params: object) => {
      const { providers } = await rooms.call<{ providers: ProviderAuth[] }>('models.authStatus', params);
      return providers.find(({ provider }) => provider === 'up')?.check;
    };
    expect(await of({})).toBeUndefined();
    expect(await of({ refresh: true })).toMatchObject({ status: 'auth-rejected' });
    expect(await of({ agentId: 'main' })).toMatchObject({ status: 'auth-rejected' });
    expect((await rooms.refused('models.authStatus', { agentId: 'nobody' })).code).toBe('INVALID_REQUEST');
  });
});
