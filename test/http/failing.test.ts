import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, dialects } from '../dialects.ts';
import { type Failing, failings, refusedAddress } from '../failing.ts';
import { startTestGateway, type TestGateway, token, upstreamKey } from '../gateway.ts';
import { startUpstream, type TestUpstream, type UpstreamRequest } from '../upstream.ts';
import { readEvents } from './house.ts';

/*
 * Each way in which a provider fails, in each dialect, on each road of the gateway: what the caller gets is what HTTP.md says
 * of provider failures. All calls of a dialect run at once, each with a model of its own that says how its provider fails;
 * those that stall come last, and are of a provider with little patience: a busy moment is no stall.
 */

const roads = {
  'chat, streamed': ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], stream: true }],
  'chat, whole': ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  'responses, streamed': ['/v1/responses', { input: 'Hi', stream: true }],
  'responses, whole': ['/v1/responses', { input: 'Hi' }],
} as const;
type Road = keyof typeof roads;
const roadNames = Object.keys(roads) as Road[];

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

const asked = ({ url, body }: UpstreamRequest) => /f\d+-\d+/.exec(body?.model ?? url)?.[0] ?? '';
const nameOf = (failing: Failing, road: Road) => `f${failings.indexOf(failing)}-${roadNames.indexOf(road)}`;

const stalls = ({ name }: Failing) => name.startsWith('stalls');
const nameWithProvider = (failing: Failing, road: Road) =>
  `${stalls(failing) ? 'brief-up' : 'up'}/${nameOf(failing, road)}`;

async function call(gateway: TestGateway, road: Road, model: string): Promise<Answer> {
  const [path, body] = roads[road];
  const answer = await fetch(`${gateway.http}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-openclaw-model': model },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function openDialect(dialect: Dialect) {
  const upstream = await startUpstream((request, res) => {
    const failing = failings[Number(/^f(\d+)/.exec(asked(request))?.[1])];
    return failing?.respond(dialect)(request, res);
  });
  const up = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: upstreamKey };
  const providers = { up, 'brief-up': { ...up, timeoutSeconds: 2 } };
  // A head that goes out early is tested elsewhere: here a busy machine may take long for three tries.
  const httpLimits = { headAfterMs: 60_000 };
  const gateway = await startTestGateway({ config: { models: { providers } }, httpLimits });
  return { upstream, gateway };
}

const eventsOf = ({ text }: Answer) => readEvents(new Response(text));

function expectRefusal({ status, headers, text }: Answer, failing: Pick<Failing, 'status' | 'code'>): void {
  const { error } = JSON.parse(text);
  expect({ status, code: error.code }).toEqual({ status: failing.status, code: failing.code });
  expect(error).toEqual({ message: expect.any(String), type: expect.any(String), code: failing.code, param: null });
  if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
}

describe.each(dialects)('when a provider that speaks $api', (dialect) => {
  let upstream: TestUpstream;
  let gateway: TestGateway;
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    ({ upstream, gateway } = await openDialect(dialect));
    const ask = async (failing: Failing, road: Road) =>
      answers.set(nameOf(failing, road), await call(gateway, road, nameWithProvider(failing, road)));
    const askAll = (some: readonly Failing[]) =>
      Promise.all(some.flatMap((failing) => roadNames.map((road) => ask(failing, road))));
    await askAll(failings.filter((failing) => !stalls(failing)));
    await askAll(failings.filter(stalls));
  }, 120_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  const answerTo = (failing: Failing, road: Road): Answer => {
    const answer = answers.get(nameOf(failing, road));
    if (!answer) throw new Error('not asked');
    return answer;
  };

  it.each(failings.filter(({ when }) => when === 'before'))('$name, every road answers with its status', (failing) => {
    for (const road of roadNames) {
      expectRefusal(answerTo(failing, road), failing);
      const tries = upstream.requests.filter((request) => asked(request) === nameOf(failing, road));
      expect(tries).toHaveLength(failing.isPassing ? 3 : 1);
    }
  });

  it.each(failings.filter(({ when }) => when === 'after'))('$name, a stream ends with an error', async (failing) => {
    const chat = await eventsOf(answerTo(failing, 'chat, streamed'));
    expect(chat.at(-1)).toBe('[DONE]');
    const chunks = chat.slice(0, -1).map((event) => JSON.parse(event));
    const error = chunks.pop()?.error;
    expect(error).toEqual({ message: expect.any(String), type: 'api_error', code: null, param: null });
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe('Hello');
    expect(chunks.map(({ choices }) => choices[0].finish_reason)).not.toContain('stop');

    const events = await eventsOf(answerTo(failing, 'responses, streamed'));
    expect(events.at(-1)).toBe('[DONE]');
    const last = JSON.parse(events.at(-2) ?? '');
    expect(last).toMatchObject({ type: 'response.failed', response: { status: 'failed' } });
    expect(events.join('')).not.toContain('response.completed');
    const deltas = events.filter((event) => event.includes('"response.output_text.delta"'));
    expect(deltas.map((event) => JSON.parse(event).delta).join('')).toBe('Hello');
    for (const road of roadNames) {
      const tries = upstream.requests.filter((request) => asked(request) === nameOf(failing, road));
      expect(tries).toHaveLength(1);
    }
  });

  it.each(failings.filter(({ when }) => when === 'after'))('$name, a whole answer is refused', (failing) => {
    for (const road of ['chat, whole', 'responses, whole'] as const) {
      const { status, text } = answerTo(failing, road);
      expect([502, 504]).toContain(status);
      expect(JSON.parse(text).error).toMatchObject({ type: 'api_error', message: expect.stringContaining('up ') });
    }
  });

  it.each(failings.filter(({ when }) => when === 'none'))('$name, nobody notices', async (failing) => {
    for (const road of roadNames) {
      const { status, text } = answerTo(failing, road);
      expect(status).toBe(200);
      expect(text).not.toContain('�');
    }
    const chat = JSON.parse(answerTo(failing, 'chat, whole').text);
    expect(chat.choices[0].message.content).toMatch(/^Hello (world|wörld 🦞)$/);
    const streamed = (await eventsOf(answerTo(failing, 'chat, streamed')))
      .slice(0, -1)
      .map((event) => JSON.parse(event));
    expect(streamed.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(
      chat.choices[0].message.content,
    );
  });

  it('fails, nobody is told its key', async () => {
    for (const { text, headers } of answers.values())
      expect(text + JSON.stringify([...headers])).not.toContain(upstreamKey);
  });
});

it.each(roadNames)('a provider that is not there is a 502 (%s)', async (road) => {
  const up = { api: 'openai-completions', baseUrl: `${await refusedAddress(startUpstream)}/v1`, apiKey: upstreamKey };
  await using gateway = await startTestGateway({ config: { models: { providers: { up } } } });
  const answer = await call(gateway, road, 'up/one');
  expectRefusal(answer, { status: 502, code: null });
  expect(JSON.parse(answer.text).error.message).toContain('nothing answers');
});
