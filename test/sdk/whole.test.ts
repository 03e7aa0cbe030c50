import { afterEach, describe, expect, it, vi } from 'vitest';
import { OpenClaw, type Run, type RunStep } from '../../sdk/index.node.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { begin, chunk, refuse, reply, replyWithCalls, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { failure, untilState } from './client.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const client = (gateway: TestGateway, options = {}) => new OpenClaw({ url: gateway.url, token, ...options });

async function collect(run: Run): Promise<RunStep[]> {
  const steps: RunStep[] = [];
  for await (const step of run) steps.push(step);
  return steps;
}
const textOf = (steps: RunStep[]) => steps.map((step) => (step.type === 'text' ? step.delta : '')).join('');

/** An upstream that says one thing, then waits for the test. */
function held(first: string, then: string) {
  const gate = Promise.withResolvers<void>();
  const respond = begin(first, async (send, res) => {
    await gate.promise;
    send(chunk({ content: then }));
    send(chunk({}, { finish_reason: 'stop' }));
    send('[DONE]');
    res.end();
  });
  return { respond, release: gate.resolve };
}

describe('the SDK with the gateway', () => {
  it('finds the gateway of this machine and its token without being told', async () => {
    await using gateway = await startTestGateway();
    vi.stubEnv('OPENCLAW_STATE_DIR', gateway.paths.stateDir);
    vi.stubEnv('OPENCLAW_GATEWAY_TOKEN', undefined);
    await using oc = new OpenClaw();
    const hello = await oc.connect();
    expect(hello.auth.scopes).toContain('operator.admin');
    expect(hello.features.capabilities).toContain('run-events');
    expect(await (await oc.agents.get().run('hi')).text()).toBe('Hello from upstream');
  });

  it('streams a run, and tells the same to who asks later and to who attaches', async () => {
    await using gateway = await startTestGateway();
    await using oc = client(gateway);
    const run = await oc.agents.get('main').run('hi', { sessionKey: 'talk' });
    const live = await collect(run);
    expect(textOf(live)).toBe('Hello from upstream');
    const result = await run.wait();
    expect(result).toMatchObject({
      status: 'ok',
      text: 'Hello from upstream',
      sessionKey: 'agent:main:talk',
      agentId: 'main',
      provider: 'up',
      model: 'one',
      usage: { input: 7, output: 5, total: 12 },
      complete: true,
    });
    await using other = client(gateway);
    const replayed = await collect(other.runs.get(run.id));
    expect(textOf(replayed)).toBe('Hello from upstream');
    expect(await other.runs.get(run.id).wait()).toEqual(result);
    const text = live.find((step) => step.type === 'text');
    const rest = await collect(other.runs.attach(run.id, { after: text?.seq ?? 0 }));
    expect(textOf(rest)).toBe('Hello from upstream'.slice(text?.delta.length));
  });

  it('creates, talks in, lists, changes, reads and deletes sessions', async () => {
    await using gateway = await startTestGateway();
    await using oc = client(gateway);
    const session = await oc.sessions.create({ key: 'novel', label: 'The novel' });
    expect(session.key).toBe('agent:main:novel');
    const run = await session.send('Chapter one.');
    expect(await run.text()).toBe('Hello from upstream');
    expect((await session.history()).map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect((await oc.sessions.list({ label: 'The novel' })).sessions.map(({ key }) => key)).toEqual([session.key]);
    expect(await session.patch({ label: 'Another' })).toMatchObject({ label: 'Another' });
    expect(await session.describe()).toMatchObject({ key: session.key, label: 'Another', hasActiveRun: false });
    expect(await session.abort()).toBe(false);
    expect(await session.reset()).toMatchObject({ key: session.key });
    expect(await session.delete()).toBe(true);
    expect(await session.describe()).toBeNull();
    expect(await failure(session.send('hi'))).toMatchObject({ code: 'INVALID_REQUEST' });
    expect((await oc.agents.list()).map(({ id }) => id)).toEqual(['main']);
  });

  it('hears of sessions that change, also after a new connection', async () => {
    await using gateway = await startTestGateway();
    await using oc = client(gateway);
    const changed: unknown[] = [];
    oc.on('sessions.changed', ({ sessionKey }) => changed.push(sessionKey));
    await oc.rpc.sessions.subscribe.query({});
    await (await oc.agents.get().run('hi', { sessionKey: 'a' })).wait();
    expect(changed).toContain('agent:main:a');
  });

  it('aborts a run and keeps what it said', async () => {
    await using gateway = await startTestGateway();
    const { respond } = held('So far', ' no further');
    gateway.upstream.answer(respond);
    await using oc = client(gateway);
    const run = await oc.agents.get().run('hi');
    for await (const step of run) if (step.type === 'text') break;
    expect(await run.abort()).toBe(true);
    const steps = await collect(run);
    expect(steps.at(-1)).toMatchObject({ type: 'end', status: 'aborted', text: 'So far', stopReason: 'rpc' });
    expect(await failure(run.text())).toMatchObject({ code: 'CANCELLED', details: { text: 'So far' } });
  });

  it('tells a failing provider as the end of the run', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(refuse(401, 'no such key'));
    await using oc = client(gateway);
    const run = await oc.agents.get().run('hi');
    const steps = await collect(run);
    expect(steps.at(-1)).toMatchObject({ type: 'end', status: 'error' });
    expect((await failure(run.text())).message).toContain('no such key');
  });

  it('tells what tools do, with arguments and results', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer((request, res) => {
      const called = request.body.messages.some(({ role }: { role: string }) => role === 'tool');
      const respond = called ? reply('One agent.') : replyWithCalls({ id: 'c1', name: 'agents_list', args: {} });
      return respond(request, res);
    });
    await using oc = client(gateway);
    const run = await oc.agents.get().run('which agents?');
    const tools = (await collect(run)).filter((step) => step.type === 'tool');
    expect(tools).toMatchObject([
      { phase: 'start', name: 'agents_list', args: {} },
      { phase: 'result', name: 'agents_list', isError: false, result: expect.stringContaining('main') },
    ]);
    expect(await run.text()).toBe('One agent.');
  });

  it('follows a run over a cut connection', async () => {
    await using gateway = await startTestGateway();
    const { respond, release } = held('Before.', ' After.');
    gateway.upstream.answer(respond);
    await using oc = client(gateway, { reconnect: { minDelayMs: 20, maxDelayMs: 50 } });
    const sockets = cutting();
    await using cut = new OpenClaw({
      url: gateway.url,
      token,
      webSocket: sockets.WebSocket,
      reconnect: { minDelayMs: 20 },
    });
    const run = await cut.agents.get().run('hi');
    const loop = collect(run);
    for await (const step of oc.runs.get(run.id)) if (step.type === 'text') break;
    const lost = untilState(cut, 'reconnecting');
    sockets.cut();
    await lost;
    release();
    const steps = await loop;
    expect(textOf(steps)).toBe('Before. After.');
    expect(steps.map((step) => step.type === 'status' && step.status)).toContain('resumed');
    expect(await run.wait()).toMatchObject({ status: 'ok', complete: true });
  });

  it('follows a killed gateway to its next port, and learns that its run was interrupted', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(held('Unfinished', '').respond);
    vi.stubEnv('OPENCLAW_STATE_DIR', folder.path);
    const start = { stateDir: folder.path, config: withUpstream(upstream.url) };
    await using oc = new OpenClaw({ reconnect: { minDelayMs: 20, maxDelayMs: 50 } });
    await using first = await spawnGateway({ ...start, port: await findFreePort() });
    const run = await oc.agents.get().run('hi');
    const loop = collect(run);
    for await (const step of run) if (step.type === 'text') break;
    // Reading the log writes what waits to be written.
    await run.describe();
    await first.kill();
    await using second = await spawnGateway({ ...start, port: await findFreePort() });
    expect(second.url).not.toBe(first.url);
    const steps = await loop;
    expect(steps.at(-1)).toMatchObject({ type: 'end', status: 'interrupted', text: 'Unfinished' });
    expect(textOf(steps)).toBe('Unfinished');
    expect(oc.state).toMatchObject({ status: 'ready' });
  });

  it('is refused with the reason, and stays closed', async () => {
    await using gateway = await startTestGateway();
    await using oc = new OpenClaw({ url: gateway.url, token: 'wrong' });
    const error = await failure(oc.agents.list());
    expect(error.details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH' });
    expect(error.message).toContain('the token comes from the option token');
    expect(oc.state.status).toBe('closed');
  });

  it('gets no more than the scopes it asks for', async () => {
    await using gateway = await startTestGateway();
    await using oc = client(gateway, { scopes: ['operator.read'] });
    await oc.agents.list();
    expect(await failure(oc.agents.get().run('hi'))).toMatchObject({ code: 'FORBIDDEN' });
  });
});

/** A WebSocket class whose sockets the test can cut. */
function cutting() {
  const open = new Set<WebSocket>();
  return {
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url);
        open.add(this);
      }
    },
    cut() {
      for (const socket of open) socket.close();
      open.clear();
    },
  };
}
