import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Config } from '../../server/config/config.ts';
import type { ModelApi } from '../../server/config/provider-config.ts';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { chunk, openStream, reply, replyWithCalls, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway } from '../whole/process.ts';
import { connectParams, dial } from '../wire/raw.ts';

/** Nothing about these looks like a credential, except that they are known to be some. */
const secrets = {
  token,
  apiKey: 'tulip-violet-narcissus-rose',
  header: 'oak-elm-birch-and-a-willow',
  environment: 'mercury-venus-earth-mars',
};

const apis: ModelApi[] = [
  'openai-completions',
  'openai-responses',
  'anthropic-messages',
  'google-generative-ai',
  'ollama',
];

/** Each says back whatever it was told, the way a careless provider would. */
const failures: Record<string, Parameters<Awaited<ReturnType<typeof startUpstream>>['answer']>[0]> = {
  refused: ({ headers }, res) => {
    res.writeHead(401, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ error: { message: `who is ${JSON.stringify(headers)}?`, code: secrets.apiKey } }));
  },
  page: ({ headers }, res) =>
    void res.writeHead(403, { 'content-type': 'text/html' }).end(`<p>${JSON.stringify(headers)}</p>`),
  moved: ({ headers }, res) =>
    void res
      .writeHead(307, { location: `http://127.0.0.1:1/?key=${secrets.apiKey}` })
      .end(String(headers.authorization)),
  garbage: (_request, res) => {
    openStream(res)(`{"choices": ${secrets.apiKey} ${secrets.header}`);
    res.end();
  },
  failing: ({ headers }, res) => {
    openStream(res)({
      error: { message: `no: ${JSON.stringify(headers)} ${encodeURIComponent(secrets.apiKey)}`, type: 'x' },
    });
    res.end();
  },
  calling: replyWithCalls({ id: 'c', name: secrets.apiKey, args: [secrets.header] }),
  cut: (_request, res) => {
    openStream(res)(chunk({ content: 'half' }));
    setImmediate(() => res.destroy());
  },
};

/** Every API at an upstream with a path for each failure, with a key and a header of its own. */
function configFor(url: string): Config {
  const toProvider = (api: ModelApi, path: string) => ({
    baseUrl: `${url}/${path}/v1`,
    apiKey: secrets.apiKey,
    headers: { 'X-Tenant': secrets.header },
    api,
    models: [{ id: 'm', name: 'M' }],
  });
  const providers = apis.flatMap((api) =>
    Object.keys(failures).map((path) => [`${api}.${path}`, toProvider(api, path)] as const),
  );
  return {
    gateway: { mode: 'local', auth: { mode: 'token', token, rateLimit: { exemptLoopback: true } } },
    agents: { defaults: { model: { primary: `${apis[0]}.refused/m`, fallbacks: [`${apis[1]}.cut/m`] } } },
    models: { providers: Object.fromEntries(providers) },
    logging: { level: 'trace', consoleLevel: 'trace' } as never,
  };
}

describe('secrets', () => {
  it('are in no frame, no answer, no line of the log and none of the console, whatever fails', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream((request, res) =>
      failures[request.url.split('/')[1] ?? '']?.(request, res),
    );
    const logFile = join(folder.path, 'gateway.log');
    const config = configFor(upstream.url);
    await using gateway = await spawnGateway({
      stateDir: folder.path,
      port: await findFreePort(),
      config: { ...config, logging: { ...config.logging, file: logFile } },
      env: { OPENAI_API_KEY: secrets.environment },
      args: ['--verbose'],
    });
    const http = gateway.url.replace('ws', 'http');
    const seen: string[] = [];
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(http + path, {
        ...init,
        headers: { authorization: `Bearer ${token}`, ...init.headers },
      });
      const text = await answer.text();
      seen.push(JSON.stringify([...answer.headers]), text);
      return text;
    };
    await using client = await openSocket(gateway.url, { caps: ['tool-events'], patienceMs: 20_000 });
    client.socket.on('message', (frame) => seen.push(String(frame)));
    await client.call('sessions.subscribe');
    await client.call('sessions.messages.subscribe', { key: 'main' });

    // What providers say, over both doors.
    const models = apis.flatMap((api) => Object.keys(failures).map((path) => `${api}.${path}/m`));
    await Promise.all(
      models.map(async (model, index) => {
        const headers = { 'x-openclaw-model': model };
        const body = JSON.stringify({
          stream: index % 2 === 0,
          messages: [{ role: 'user', content: 'x' }],
          input: 'x',
        });
        await ask(['/v1/chat/completions', '/v1/responses'][index % 2] ?? '', { method: 'POST', headers, body });
        if (index % 5 === 0) await ask('/v1/embeddings', { method: 'POST', headers, body });
        const id = client.send('agent', { message: 'x', sessionKey: `s${index}`, idempotencyKey: `k${index}`, model });
        seen.push(JSON.stringify(await client.answer(id, 1)));
      }),
    );
    await client.call('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'main' });
    await client.end('main');

    // What callers do, who hold one secret and send it where it does not belong.
    for (const path of [`/v1/models?token=${token}`, `/?auth=${token}`]) await ask(path);
    for (const authorization of [`Basic ${btoa(`x:${token}`)}`, `Bearer ${token}x`, `bearer${token}`]) {
      const answer = await fetch(`${http}/v1/models`, { headers: { authorization } });
      expect(answer.status).toBe(401);
      seen.push(await answer.text());
    }
    for (const auth of [{ token: `${token}x` }, { password: 'guess' }, { deviceToken: token.slice(1) }, { token: 1 }]) {
      using raw = await dial(gateway);
      raw.send({ type: 'req', id: 'c', method: 'connect', params: { ...connectParams, auth } });
      seen.push((await raw.closed).reason, JSON.stringify(raw.frames));
    }
    const socket = new WebSocket(`${gateway.url}/?token=${token}`, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{');
    await new Promise((resolve) => socket.once('close', resolve));

    // What the gateway tells of itself.
    for (const method of ['config.get', 'models.list', 'status', 'health', 'sessions.list', 'logs.tail', 'agents.list'])
      await client.call(method);
    for (const index of [0, 10, 20]) await client.call('runs.events', { runId: `k${index}` });
    await ask('/rpc/config.get');
    await ask('/rpc/logs.tail?input=%7B%22limit%22%3A5000%2C%22maxBytes%22%3A1000000%7D');
    await ask('/rpc/chat.send', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } });
    gateway.signal('SIGTERM');
    await gateway.exited;

    const log = await readFile(logFile, 'utf8');
    const said = { answers: seen.join('\n'), log, console: gateway.output() };
    // The failures did happen, and every provider was given its key.
    for (const text of ['answered 401', 'answered 403', 'answered 307', 'cannot be read'])
      expect(said.log).toContain(text);
    expect(upstream.requests.length).toBeGreaterThan(models.length * 2);
    for (const { headers } of upstream.requests) expect(JSON.stringify(headers)).toContain(secrets.apiKey);
    for (const [where, text] of Object.entries(said))
      for (const [name, secret] of Object.entries(secrets))
        for (const form of [secret, encodeURIComponent(secret), btoa(`x:${secret}`)])
          expect(text.indexOf(form) < 0 || excerpt(text, form), `${name} in ${where}`).toBe(true);
  }, 60_000);

  it('of a caller do not reach the provider', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('x'));
    const config: Config = {
      agents: { defaults: { model: 'up/m' } },
      models: {
        providers: {
          up: { baseUrl: `${upstream.url}/v1`, apiKey: 'k', api: 'openai-completions', models: [{ id: 'm' }] },
        },
      },
    };
    await using gateway = await spawnGateway({ stateDir: folder.path, port: await findFreePort(), config });
    const answer = await fetch(`${gateway.url.replace('ws', 'http')}/v1/chat/completions?token=${token}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-api-key': token, cookie: `t=${token}` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'x' }], user: 'someone', api_key: token }),
    });
    expect(answer.status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    expect(JSON.stringify(upstream.requests)).not.toContain(token);
  });
});

/** The place where a text should not have stood. */
function excerpt(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 200), at + form.length + 50);
}
