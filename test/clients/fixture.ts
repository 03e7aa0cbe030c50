import type { ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { startTestGateway, type TestGateway, type TestGatewayOptions, token } from '../gateway.ts';
import { chunk, openStream, type Respond, type UpstreamRequest } from '../upstream.ts';

/** A gateway for one test. The client's own defaults are left as they are: what is tested is what a user gets. */
export const openGateway = (options: TestGatewayOptions = {}) => startTestGateway(options);

/** A gateway whose provider has a model for embeddings, too. */
export const openEmbeddingGateway = () =>
  openGateway({
    config: { models: { providers: { up: { models: [{ id: 'one' }, { id: 'text-embedding-up' }] } } } },
  });

/** What a user types into a client: the address and the token. */
export const settingsOf = (gateway: TestGateway) => ({ baseURL: `${gateway.http}/v1`, apiKey: token });

/** A tool of the caller, with what it says. */
export const weather = {
  name: 'weather',
  description: 'Tells the weather of a city.',
  schema: z.object({ city: z.string() }),
  tell: ({ city }: { city: string }) => `sunny in ${city}`,
};

export const Place = z.object({ city: z.string(), people: z.number() });
export const place = { city: 'Graz', people: 300_000 };

/** The smallest PNG there is. */
export const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export interface Turn {
  /** Pieces of reasoning, as DeepSeek's and others' models tell it before they speak. */
  thought?: string[];
  /** Pieces of text, each in a chunk of its own. */
  text?: string[];
  calls?: { id: string; name: string; args: object }[];
  finish?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
}

/** The model takes these turns, one for each time that it is asked; the last one again and again. */
export function play(gateway: TestGateway, ...turns: Turn[]): void {
  const begun = gateway.upstream.requests.length;
  gateway.upstream.answer((request, res) => {
    const asked = gateway.upstream.requests.indexOf(request) - begun;
    return take(turns[Math.min(asked, turns.length - 1)] ?? {})(request, res);
  });
}

export function take({
  thought = [],
  text = [],
  calls = [],
  finish = calls.length > 0 ? 'tool_calls' : 'stop',
}: Turn): Respond {
  return (_request, res) => {
    const send = openStream(res);
    for (const reasoning_content of thought) send(chunk({ reasoning_content }));
    for (const content of text) send(chunk({ content }));
    calls.forEach(({ id, name, args }, index) => {
      const whole = JSON.stringify(args);
      const half = Math.floor(whole.length / 2);
      send(chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }));
      for (const piece of [whole.slice(0, half), whole.slice(half)])
        send(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    });
    end(send, res, finish);
  };
}

/**
 * A reply whose second half waits for the test: who has seen the first half and lets go on, has seen it before it was
 * complete. `begun` resolves when the model was asked.
 */
export function inHalves(first: string, second: string) {
  const seen = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<UpstreamRequest>();
  const respond: Respond = async (request, res) => {
    const send = openStream(res);
    send(chunk({ content: first }));
    begun.resolve(request);
    await seen.promise;
    send(chunk({ content: second }));
    end(send, res, 'stop');
  };
  return { respond, begun: begun.promise, goOn: seen.resolve };
}

/** A provider that takes a request and never answers; `asked` resolves when it has it. */
export function silence() {
  const { promise: asked, resolve } = Promise.withResolvers<UpstreamRequest>();
  const respond: Respond = (request) => resolve(request);
  return { respond, asked };
}

/** A provider that dies in the middle of its reply, as soon as the test says so. */
export function deathAfter(first: string) {
  const seen = Promise.withResolvers<void>();
  const respond: Respond = async (_request, res) => {
    openStream(res)(chunk({ content: first }));
    await seen.promise;
    res.destroy();
  };
  return { respond, die: seen.resolve };
}

interface SentMessage {
  role: string;
  content?: unknown;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** What the model was told in one request, without the system's part. */
export function turnsOf(request: UpstreamRequest | undefined): SentMessage[] {
  const messages = (request?.body.messages ?? []) as SentMessage[];
  return messages.filter(({ role }) => role !== 'system' && role !== 'developer');
}

export const systemOf = (request: UpstreamRequest | undefined): string =>
  ((request?.body.messages ?? []) as SentMessage[])
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(({ content }) => JSON.stringify(content))
    .join('\n');

export const lastRequest = (gateway: TestGateway) => gateway.upstream.requests.at(-1);

/** The conversation of one call of the weather tool that has come back, as the model has to see it: everything once. */
export const toldWeather = [
  { role: 'user' },
  { role: 'assistant', tool_calls: [{ id: 'call-1', function: { name: 'weather', arguments: '{"city":"Graz"}' } }] },
  { role: 'tool', tool_call_id: 'call-1', content: 'sunny in Graz' },
];

export const askWeather: Turn[] = [
  { text: ['Let me see.'], calls: [{ id: 'call-1', name: 'weather', args: { city: 'Graz' } }] },
  { text: ['Sunny', ' in Graz.'] },
];

/** Answers embeddings as OpenAI does: the first number of each vector is the number in the text. */
export const embedNumbers: Respond = ({ body }, res) => {
  const data = (body.input as string[]).map((text, index) => ({
    object: 'embedding',
    index,
    embedding: [Number(/\d+/.exec(text)?.[0] ?? -1), 0.5, -0.25],
  }));
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(
    JSON.stringify({
      object: 'list',
      data,
      model: 'up',
      usage: { prompt_tokens: data.length, total_tokens: data.length },
    }),
  );
};

/** Refuses with a status and headers, as providers do. */
export const refuseWith =
  (status: number, error: object, headers: Record<string, string> = {}): Respond =>
  (_request, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify({ error }));
  };

/** A line to the gateway that a test can cut: from then on nothing comes through. */
export async function openLine(gateway: TestGateway) {
  const target = new URL(gateway.http);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// --- internal ---

function end(send: (data: unknown) => void, res: ServerResponse, finish: string): void {
  send(chunk({}, { finish_reason: finish }));
  send({ ...chunk({}), choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } });
  send('[DONE]');
  res.end();
}
