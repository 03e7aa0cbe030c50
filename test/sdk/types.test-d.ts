// Checked by the compiler, not run: every expected error below must stay one.
import { createTRPCClient } from '@trpc/client';
import {
  type AgentRow,
  type ChatEvent,
  type ConnectionState,
  type Contract,
  type Gap,
  GatewayError,
  gatewayLink,
  type HealthSnapshot,
  type HelloOk,
  isGatewayError,
  OpenClaw,
  type Run,
  type RunEvent,
  type RunResult,
  type SessionPage,
  type SessionRow,
} from '../../sdk/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_fact?: T) => {};

declare const oc: OpenClaw;

export async function calls() {
  const page = await oc.rpc.sessions.list.query({ limit: 5 }, { signal: AbortSignal.timeout(1), timeoutMs: 5 });
  is<Same<typeof page, SessionPage>>();
  is<Same<(typeof page.sessions)[number], SessionRow>>();
  // Input that is optional may be left out.
  is<Same<Awaited<ReturnType<typeof oc.rpc.health.query>>, HealthSnapshot>>();
  await oc.rpc.health.query();
  const { runId } = await oc.rpc['agent.wait'].query({ runId: 'r' });
  is<Same<typeof runId, string>>();

  // @ts-expect-error limit is a number
  await oc.rpc.sessions.list.query({ limit: 'x' });
  // @ts-expect-error no such member
  await oc.rpc.sessions.list.query({ limits: 1 });
  // @ts-expect-error runId is required
  await oc.rpc['agent.wait'].query({});
  // @ts-expect-error input is required
  await oc.rpc['agent.wait'].query();
  // @ts-expect-error a mutation is not a query
  await oc.rpc.sessions.create.query({});
  // @ts-expect-error no such method
  await oc.rpc.sessions.lists.query({});
  // @ts-expect-error no such option
  await oc.rpc.health.query({}, { timeout: 5 });
  // @ts-expect-error rows have no such field
  page.sessions[0]?.title;
  // @ts-expect-error a row may be missing
  page.sessions[0].key;
}

export function events() {
  oc.on('tick', ({ ts }) => is<Same<typeof ts, number>>());
  oc.on('agent', (event) => is<Same<typeof event, RunEvent>>());
  oc.on('chat', (event) => is<Same<typeof event, ChatEvent>>());
  oc.on('gap', (gap) => is<Same<typeof gap, Gap>>());
  oc.onState((state) => is<Same<typeof state, ConnectionState>>());
  oc.rpc.events.tick.subscribe(undefined, { onData: ({ ts }) => is<Same<typeof ts, number>>() });
  // @ts-expect-error no such event
  oc.on('chats', () => {});
  // @ts-expect-error sent before the handshake, to nobody who listens
  oc.on('connect.challenge', () => {});
  // @ts-expect-error the payload of tick has no run
  oc.on('tick', ({ runId }) => runId);
  // @ts-expect-error the listener wants another payload
  oc.on('tick', (payload: { ts: string }) => payload.ts);
  // @ts-expect-error the payload of tick has no run
  oc.rpc.events.tick.subscribe(undefined, { onData: ({ runId }) => runId });
}

export async function iteration() {
  for await (const event of oc.events) {
    if (event.event === 'tick') is<Same<typeof event.payload, { ts: number }>>();
    // @ts-expect-error no event has that name
    if (event.event === 'ticks') return;
  }
  for await (const { ts } of oc.rpc.events.tick.subscribe()) is<Same<typeof ts, number>>();
}

export async function runs() {
  const run = await oc.agents.get('main').run('hi', { model: 'p/m', timeoutMs: 5, runTimeoutSeconds: 5 });
  is<Same<typeof run, Run>>();
  for await (const step of run) {
    if (step.type === 'text') is<Same<typeof step.delta, string>>();
    if (step.type === 'tool') is<Same<typeof step.phase, 'start' | 'update' | 'result'>>();
    if (step.type === 'end') is<Same<typeof step.status, RunResult['status']>>();
    // @ts-expect-error only some steps have text
    step.delta;
    // @ts-expect-error no step has that type
    if (step.type === 'delta') return;
  }
  is<Same<Awaited<ReturnType<Run['wait']>>, RunResult>>();
  is<Same<Awaited<ReturnType<Run['text']>>, string>>();
  is<Same<Awaited<ReturnType<Run['abort']>>, boolean>>();
  // @ts-expect-error a message is a text
  await oc.agents.get().run(5);
  // @ts-expect-error no such option
  await oc.agents.get().run('hi', { sessionkey: 'x' });
  oc.runs.attach('r', { after: 5 });
  // @ts-expect-error after is a number
  oc.runs.attach('r', { after: '5' });
}

export async function sessions() {
  const session = await oc.sessions.create({ key: 'novel', label: 'The novel' });
  is<Same<Awaited<ReturnType<typeof session.describe>>, SessionRow | null>>();
  await session.patch({ label: null });
  // @ts-expect-error messages are sent with send
  await oc.sessions.create({ message: 'hi' });
  // @ts-expect-error no such field
  await session.patch({ name: 'x' });
}

export async function connection() {
  const hello = await oc.connect({ timeoutMs: 5 });
  is<Same<typeof hello, HelloOk>>();
  if (oc.state.status === 'ready') is<Same<typeof oc.state.hello, HelloOk>>();
  // @ts-expect-error only a ready connection has a hello
  oc.state.hello;
  // @ts-expect-error no such status
  if (oc.state.status === 'open') return;
  new OpenClaw({ scopes: ['operator.read'], reconnect: false });
  // @ts-expect-error no such scope
  new OpenClaw({ scopes: ['operator.reads'] });
  // @ts-expect-error no such option
  new OpenClaw({ uri: 'ws://x' });
}

export async function trpc() {
  const client = createTRPCClient<Contract>({ links: [gatewayLink({ url: 'ws://x' })] });
  const { agents } = await client.agents.list.query();
  is<Same<(typeof agents)[number]['id'], AgentRow['id']>>();
  // @ts-expect-error limit is a number
  await client.sessions.list.query({ limit: 'x' });
}

export function errors(error: unknown) {
  if (isGatewayError(error)) is<Same<typeof error, GatewayError>>();
  new GatewayError('TIMEOUT', 'late', { retryable: true });
}
