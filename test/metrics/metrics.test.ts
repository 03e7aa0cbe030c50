import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { refuse, reply } from '../upstream.ts';
import { readExposition } from './exposition.ts';

const bearer = { authorization: `Bearer ${token}` };

async function scrape(gateway: TestGateway) {
  const answer = await fetch(`${gateway.http}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return readExposition(await answer.text());
}

const complete = (gateway: TestGateway, more: object = {}) =>
  fetch(`${gateway.http}/v1/chat/completions`, {
    method: 'POST',
    headers: bearer,
    body: JSON.stringify({ model: 'openclaw', messages: [{ role: 'user', content: 'hello' }], ...more }),
  });

describe('/metrics', () => {
  it('tells who is connected and what was asked, over each of the three ways in', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await client.call('health');
    await client.call('health');
    await client.refused('sessions.reset', { key: 'none' });
    await client.refused('no.such.method', {});
    for (const path of ['/rpc/health', '/rpc/health', '/rpc/no.such', '/v1/models', '/v1/models/openclaw', '/v1/none'])
      await (await fetch(gateway.http + path, { headers: bearer })).text();
    await fetch(`${gateway.http}/v1/models`, { method: 'BREW' }).catch(() => undefined);
    const { samples, types } = await scrape(gateway);
    expect(types.get('openclaw_requests_total')).toBe('counter');
    expect(types.get('openclaw_request_duration_seconds')).toBe('histogram');
    expect(Object.fromEntries(samples)).toMatchObject({
      'openclaw_connections{role="operator",mode="backend"}': 1,
      openclaw_connections_opening: 0,
      openclaw_send_buffer_bytes: 0,
      openclaw_events_dropped_total: 0,
      openclaw_slow_consumer_closes_total: 0,
      'openclaw_requests_total{transport="socket",method="health",outcome="ok"}': 2,
      'openclaw_requests_total{transport="socket",method="sessions.reset",outcome="INVALID_REQUEST"}': 1,
      'openclaw_requests_total{transport="socket",method="other",outcome="INVALID_REQUEST"}': 1,
      'openclaw_request_duration_seconds_count{transport="socket",method="health"}': 2,
      'openclaw_requests_total{transport="rpc",method="health",outcome="ok"}': 2,
      'openclaw_requests_total{transport="rpc",method="other",outcome="INVALID_REQUEST"}': 1,
      'openclaw_http_requests_total{route="/rpc/**",method="GET",status="200"}': 2,
      'openclaw_http_requests_total{route="/v1/models/**",method="GET",status="200"}': 1,
      'openclaw_http_requests_total{route="other",method="GET",status="404"}': 1,
      'openclaw_http_request_duration_seconds_count{route="/v1/models/**"}': 1,
    });
  });

  it('tells runs, tokens and the time to the first of them, by agent and model', async () => {
    await using gateway = await startTestGateway();
    expect((await complete(gateway)).status).toBe(200);
    expect(await (await complete(gateway, { stream: true })).text()).toContain('[DONE]');
    const { samples } = await scrape(gateway);
    expect(Object.fromEntries(samples)).toMatchObject({
      'openclaw_runs_total{agent="main",status="ok"}': 2,
      'openclaw_run_duration_seconds_count{agent="main"}': 2,
      openclaw_runs_active: 0,
      openclaw_runs_queued: 0,
      'openclaw_first_token_seconds_count{model="up/one"}': 2,
      'openclaw_tokens_total{agent="main",model="up/one",kind="input"}': expect.any(Number),
      'openclaw_tokens_total{agent="main",model="up/one",kind="output"}': expect.any(Number),
    });
    const buckets = [...samples].filter(([name]) => name.startsWith('openclaw_first_token_seconds_bucket'));
    const values = buckets.map(([, value]) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(values.at(-1)).toBe(2);
  });

  it('writes names that callers made up so that they can be read', async () => {
    await using gateway = await startTestGateway();
    const headers = { ...bearer, 'x-openclaw-model': 'up/we"ird\\model' };
    const body = JSON.stringify({ model: 'openclaw', messages: [{ role: 'user', content: 'hello' }] });
    const answer = await fetch(`${gateway.http}/v1/chat/completions`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    const { samples } = await scrape(gateway);
    expect(samples.get('openclaw_first_token_seconds_count{model="up/we\\"ird\\\\model"}')).toBe(1);
  });

  it('tells failures of providers and what was tried after them', async () => {
    const fallback = { model: { primary: 'up/one', fallbacks: ['up/two'] } };
    await using gateway = await startTestGateway({ config: { agents: { defaults: fallback } } });
    gateway.upstream.answer(refuse(401, 'no'), reply('from two'));
    expect((await complete(gateway)).status).toBe(200);
    gateway.upstream.answer(refuse(401, 'no'), refuse(401, 'no'));
    expect((await complete(gateway)).status).toBe(502);
    const { samples } = await scrape(gateway);
    expect(Object.fromEntries(samples)).toMatchObject({
      'openclaw_provider_failures_total{provider="up",kind="auth"}': 3,
      'openclaw_provider_fallbacks_total{provider="up",kind="auth"}': 2,
      'openclaw_runs_total{agent="main",status="ok"}': 1,
      'openclaw_runs_total{agent="main",status="error"}': 1,
      'openclaw_first_token_seconds_count{model="up/two"}': 1,
    });
  });

  it('tells how the house is: sessions, database, event loop, process', async () => {
    await using gateway = await startTestGateway();
    await complete(gateway, { user: 'someone' });
    const { samples, types } = await scrape(gateway);
    expect(Object.fromEntries(samples)).toMatchObject({
      'openclaw_build_info{version="0.0.0-test"}': 1,
      openclaw_sessions: 1,
      openclaw_database_writable: 1,
      openclaw_event_loop_delay_p99_seconds: expect.any(Number),
      openclaw_event_loop_delay_max_seconds: expect.any(Number),
      openclaw_event_loop_utilization_ratio: expect.any(Number),
      openclaw_process_resident_memory_bytes: expect.any(Number),
    });
    expect(samples.get('openclaw_database_bytes{file="main"}')).toBeGreaterThan(0);
    expect(samples.get('openclaw_database_bytes{file="wal"}')).toBeGreaterThan(0);
    expect(types.get('openclaw_process_cpu_seconds_total')).toBe('counter');
    expect([...types.keys()].filter((name) => !name.startsWith('openclaw_'))).toEqual([]);
    // A second look counts on and says everything once more.
    expect([...(await scrape(gateway)).types.keys()].sort()).toEqual([...types.keys()].sort());
  });

  it('is for programs of this machine, and for others with the bearer; proxies are others', async () => {
    await using gateway = await startTestGateway();
    const status = async (headers: Record<string, string>, method = 'GET') =>
      (await fetch(`${gateway.http}/metrics`, { headers, method })).status;
    expect(await status({})).toBe(200);
    expect(await status({}, 'HEAD')).toBe(200);
    expect(await status({}, 'POST')).toBe(405);
    for (const name of ['x-forwarded-for', 'via', 'cf-connecting-ip']) {
      expect([name, await status({ [name]: '192.0.2.1' })]).toEqual([name, 401]);
      expect([name, await status({ [name]: '192.0.2.1', ...bearer })]).toEqual([name, 200]);
    }
    // Of these nobody knows for whom they are passed on, whatever they bring along.
    for (const name of ['x-real-ip', 'forwarded', 'x-forwarded-proto'])
      expect([name, await status({ [name]: '192.0.2.1', ...bearer })]).toEqual([name, 403]);
    expect(await status({ 'x-forwarded-for': '192.0.2.1', authorization: 'Bearer wrong' })).toBe(401);
    // A page that a browser on this machine shows.
    expect(await status({ origin: 'https://evil.example' })).toBe(401);
    expect(await status({ origin: 'https://evil.example', ...bearer })).toBe(200);
  });

  it('is off when diagnostics are', async () => {
    await using gateway = await startTestGateway({ config: { diagnostics: { enabled: false } } });
    const answer = await fetch(`${gateway.http}/metrics`);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('diagnostics.enabled')]);
  });
});

describe('docs/metrics.md', () => {
  it('names every metric that there is, and no other', async () => {
    await using gateway = await startTestGateway();
    const { types } = await scrape(gateway);
    const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const table = page.split('\n').filter((line) => line.startsWith('| `openclaw_'));
    const named = table.flatMap((line) => line.split('|')[1]?.match(/openclaw_\w+(?!\w|\*)/g) ?? []);
    const ofProcess = /^openclaw_(process|nodejs)_/;
    const own = [...types.keys()].filter((name) => !ofProcess.test(name));
    expect(named.filter((name) => !ofProcess.test(name)).sort()).toEqual(own.sort());
  });
});
