import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Tool } from '../../server/agent/tools/tool.ts';
import { type AttemptLimits, limitAttempts } from '../../server/auth/attempts.ts';
import { type AuthPolicy, defineAuthentication } from '../../server/auth/authenticate.ts';
import type { ProxySettings } from '../../server/auth/proxies.ts';
import { createRoster } from '../../server/config/agents.ts';
import type { Config } from '../../server/config/config.ts';
import { createHooks } from '../../server/hooks/hooks.ts';
import { createHttpApp } from '../../server/http/app.ts';
import type { HttpDeps, HttpLimits } from '../../server/http/deps.ts';
import { mountedRoutes } from '../../server/http/mounted.ts';
import type { Log } from '../../server/log/log.ts';
import { createMedia, type Media } from '../../server/media/media.ts';
import { createMeters } from '../../server/metrics/meters.ts';
import { toTexts, withoutEmbeddings } from '../../server/models/embedding-choice.ts';
import { embedLexically, lexicalModel } from '../../server/models/lexical.ts';
import type { ModelRegistry } from '../../server/models/registry.ts';
import { createResponseStore } from '../../server/responses/store.ts';
import { openAgentRooms } from '../agent/fixture.ts';
import type { Script } from '../scripted-model.ts';

export const token = 'a-token-that-only-tests-know';

export interface HouseOptions {
  config?: Config;
  auth?: AuthPolicy;
  attempts?: AttemptLimits;
  limits?: Partial<HttpLimits>;
  phase?: 'starting' | 'started' | 'draining';
  failing?: string[];
  allowedOrigins?: string[];
  proxies?: Partial<ProxySettings>;
  embed?: ModelRegistry['embed'];
  media?: Media;
  /** Besides the built-in ones. */
  tools?: readonly Tool[];
  callContext?: HttpDeps['callContext'];
}

/** The HTTP side on a real listener, with real runs on a real database and a scripted model. */
export async function openHouse(script: Script | Script[], options: HouseOptions = {}) {
  const rooms = await openAgentRooms(
    { 'test/one': [script].flat() },
    { ...(options.config && { config: options.config }), ...(options.tools && { tools: options.tools }) },
  );
  const logged: string[] = [];
  const entries = { main: {}, ops: { name: 'Operations' } };
  const roster: Config = { agents: { defaults: { model: 'test/one' }, entries } };
  const agents = createRoster(() => roster, rooms.path);
  const media = options.media ?? createMedia();
  const http = createHttpApp({
    authentication: defineAuthentication(
      options.auth ?? { mode: 'token', token },
      limitAttempts(() => options.attempts ?? {}),
    ),
    allowedOrigins: options.allowedOrigins ?? [],
    // The tests are a proxy when they pass on requests of somebody elsewhere.
    proxies: { trusted: ['127.0.0.1'], ...options.proxies },
    agents,
    config: { current: () => options.config ?? {} },
    runs: rooms.runs,
    hooks: createHooks({
      database: rooms.database,
      agents,
      runs: rooms.runs,
      events: rooms.events,
      sessions: rooms.sessions,
      config: () => options.config ?? {},
      mainKey: () => 'main',
      stateDir: rooms.path,
      log: noting(logged),
    }),
    // Chat commands over HTTP are tested on a whole gateway.
    commands: { interpret: ({ input }) => input, leaveOut: (history) => [...history] },
    sessions: rooms.sessions,
    responses: createResponseStore(rooms.database),
    media,
    tools: rooms.tools,
    models: {
      find(reference) {
        if (reference === 'test/one') return rooms.models.find(reference);
        throw new GatewayError('INVALID_REQUEST', `no model "${reference}"`, { details: { code: 'MODEL_NOT_FOUND' } });
      },
      embed:
        options.embed ??
        (async (reference, { inputs, strict, dimensions }, signal) => {
          if (strict && reference !== lexicalModel) throw withoutEmbeddings(reference ?? '', []);
          return { ...(await embedLexically(await toTexts(inputs), { dimensions }, signal)), model: lexicalModel };
        }),
      fallback: () => ({ model: 'test/one', reason: 'it is the only one' }),
    },
    probes: {
      phase: () => options.phase ?? 'started',
      failing: () => options.failing ?? [],
      startedAt: Date.now() - 1000,
    },
    // Whole metrics are tested on a whole gateway.
    metrics: { ...createMeters(), expose: async () => ({ contentType: 'text/plain', text: 'openclaw_up 1\n' }) },
    callContext: options.callContext ?? noMethods,
    version: '0.0.0-test',
    log: noting(logged),
    limits: options.limits,
  });
  const server = createServer(http.listener);
  http.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  /** Asks with the right bearer; an object as body is sent as JSON. */
  const ask = (path: string, init: AskInit = {}) =>
    fetch(`${url}${path}`, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${token}`, ...init.headers },
      body: toBody(init.body),
      signal: init.signal ?? AbortSignal.timeout(25_000),
    });

  return {
    url,
    port,
    rooms,
    /** Every path that is answered. */
    routes: mountedRoutes(http.app),
    /** Lines of the log, with their fields. */
    logged,
    ask,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await media.close();
      await rooms[Symbol.asyncDispose]();
    },
  };
}

export type House = Awaited<ReturnType<typeof openHouse>>;

interface AskInit {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The `data:` of every server-sent event of an answer, in order; comments are left out. */
export async function readEvents(response: Response): Promise<string[]> {
  const text = await response.text();
  return text
    .split('\n\n')
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => line.slice('data: '.length));
}

/** What an error answer says. */
export async function readError(response: Response) {
  const { error } = (await response.json()) as {
    error: { message: string; type: string; code: unknown; param: unknown };
  };
  return { status: response.status, ...error };
}

function toBody(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function noting(lines: string[]): Log {
  const note = (level: string) => (message: string, fields?: unknown) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    redact: (text) => text,
    child: () => log,
  };
  return log;
}

const noMethods = (principal: CallContext['principal']): CallContext => ({
  principal,
  handle: () => Promise.reject(new Error('no methods here')),
  listen: async function* () {},
  spend() {},
});
