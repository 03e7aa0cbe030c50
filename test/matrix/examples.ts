import type { methods } from '../../sdk/protocol/contract.ts';

/** What an example can prepare, as an admin. */
export interface World {
  ask<T = Record<string, never>>(method: string, params?: object): Promise<T>;
  /** Differs in every call. */
  n: number;
  /** A device that is paired. @returns its id. */
  pair(): Promise<string>;
  /** A device that waits for approval. @returns the id of its request. */
  knock(): Promise<string>;
}

/** A call of a method that succeeds. */
export interface Example {
  /** Parameters; from a function when something has to be there first. */
  params: object | ((world: World) => Promise<object> | object);
  /** The gateway has nothing to answer: how it refuses instead. */
  refused?: { code: string; message: string };
  /** True when the gateway is not the same afterwards: it gets one of its own. */
  alone?: true;
}

const nothing: Example = { params: {} };
/** A session that was just made. */
const session =
  (more: object = {}, key = 'key') =>
  async ({ ask, n }: World) => {
    await ask('sessions.create', { key: `made-${n}` });
    return { [key]: `made-${n}`, ...more };
  };
const message = (more: object = {}) => ({
  params: ({ n }: World) => ({ message: 'hi', idempotencyKey: `key-${n}`, ...more }),
});
/** A run that has ended. */
const finished = async ({ ask, n }: World) => {
  const runId = `finished-${n}`;
  await ask('chat.send', { sessionKey: `finished-${n}`, message: 'hi', idempotencyKey: runId });
  await ask('agent.wait', { runId });
  return { runId };
};
/** The file as it is. */
const rewritten = async ({ ask }: World) => {
  const { config, hash } = await ask('config.get');
  return { raw: JSON.stringify(config), baseHash: hash };
};
const patched = async ({ ask, n }: World) => {
  const { hash } = await ask('config.get');
  const raw = `{ gateway: { controlUi: { allowedOrigins: ["https://${n}.example"] } } }`;
  return { raw, baseHash: hash, replacePaths: ['gateway.controlUi.allowedOrigins'] };
};
const waiting: Example = { params: async ({ knock }) => ({ requestId: await knock() }) };
const paired = (more: object = {}): Example => ({ params: async ({ pair }) => ({ deviceId: await pair(), ...more }) });

/** One call of every method; the matrix fails for a method that has none. */
export const examples: Record<string, Example> = {
  health: nothing,
  status: nothing,
  'system-presence': nothing,
  'gateway.identity.get': nothing,
  'gateway.restart.preflight': nothing,
  'gateway.restart.request': { params: { reason: 'a test' }, alone: true },
  'update.status': nothing,
  'system-event': { params: { text: 'a test' } },
  'system.info': nothing,
  'users.self': { params: {}, refused: { code: 'FORBIDDEN', message: 'users.self requires an authenticated user' } },
  'diagnostics.stability': { params: { limit: 5 } },
  'logs.tail': { params: { limit: 5 } },

  'config.get': nothing,
  'config.set': { params: rewritten },
  'config.apply': { params: rewritten },
  'config.patch': { params: patched },
  'config.reload': { params: { dryRun: true } },
  'config.schema': nothing,
  'config.schema.lookup': { params: { path: 'gateway.port' } },
  'config.diff': nothing,
  'config.revisions.list': nothing,
  'config.rollback': {
    params: async (world) => {
      await world.ask('config.patch', await patched(world));
      const { revisions } = await world.ask<{ revisions: { id: number }[] }>('config.revisions.list');
      return { revision: revisions.at(-1)?.id };
    },
  },
  'secrets.reload': nothing,
  'secrets.resolve': { params: { commandName: 'a test', targetIds: ['models.providers.*.apiKey'] } },
  'usage.status': nothing,
  'usage.cost': { params: { days: 7 } },
  'models.list': nothing,
  'models.authStatus': nothing,
  'agents.list': nothing,
  'agents.create': { params: ({ n }) => ({ name: `Agent ${n}` }) },
  'agents.update': { params: { agentId: 'main', name: 'Molly' } },
  'agents.delete': {
    params: async ({ ask, n }) => {
      await ask('agents.create', { name: `Gone ${n}` });
      return { agentId: `gone-${n}` };
    },
  },
  'agents.files.list': { params: { agentId: 'main' } },
  'agents.files.get': { params: { agentId: 'main', name: 'AGENTS.md' } },
  'agents.files.set': { params: { agentId: 'main', name: 'SOUL.md', content: 'Be brief.' } },
  'agent.identity.get': nothing,
  'tools.catalog': nothing,
  'tools.effective': { params: session({}, 'sessionKey') },
  'tools.invoke': { params: { name: 'sessions_list', args: {} } },
  'commands.list': nothing,

  'device.pair.list': nothing,
  'device.pair.approve': waiting,
  'device.pair.reject': waiting,
  'device.pair.remove': paired(),
  'device.pair.rename': paired({ label: 'Desk' }),
  'device.token.rotate': paired({ role: 'operator' }),
  'device.token.revoke': paired({ role: 'operator' }),

  agent: message({ sessionKey: 'main' }),
  'agent.wait': { params: finished },
  'runs.events': { params: finished },
  'chat.send': message({ sessionKey: 'main' }),
  'chat.history': { params: session({}, 'sessionKey') },
  'chat.inject': { params: session({ message: 'a note' }, 'sessionKey') },
  'chat.metadata': nothing,
  'chat.startup': { params: session({}, 'sessionKey') },
  'chat.abort': { params: { sessionKey: 'main' } },

  'sessions.list': { params: { limit: 5 } },
  'sessions.create': { params: ({ n }) => ({ key: `new-${n}` }) },
  'sessions.resolve': { params: session() },
  'sessions.search': { params: { query: 'hi' } },
  'sessions.preview': { params: async (world) => ({ keys: Object.values(await session()(world)) }) },
  'sessions.get': { params: session() },
  'sessions.describe': { params: session() },
  'sessions.patch': { params: async (world) => ({ ...(await session()(world)), label: `label ${world.n}` }) },
  'sessions.reset': { params: session() },
  'sessions.delete': { params: session() },
  'sessions.compact': { params: session() },
  'sessions.usage': { params: { range: '7d', limit: 5 } },
  'sessions.send': { params: session({ message: 'hi' }) },
  'sessions.abort': { params: session() },
  'sessions.subscribe': nothing,
  'sessions.messages.subscribe': { params: session() },
  'sessions.messages.unsubscribe': { params: session() },
} satisfies Partial<Record<MethodName, Example>>;

type MethodName = typeof methods extends ReadonlyMap<infer Name, unknown> ? Name : never;
