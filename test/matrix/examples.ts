import type { methods } from '../../sdk/protocol/contract.ts';

/** Asks the gateway as an admin, to prepare what an example needs. */
export type Ask = (method: string, params?: object) => Promise<Record<string, never>>;

/** A call of a method that succeeds. */
export interface Example {
  /** Parameters; from a function when something has to be there first. `n` differs in every call. */
  params: object | ((ask: Ask, n: number) => Promise<object> | object);
  /** A scope that these parameters need besides the method's. */
  elevated?: string;
  /** True when the gateway is not the same afterwards: it gets one of its own. */
  alone?: true;
}

const nothing: Example = { params: {} };
const session =
  (more: object = {}, key = 'key') =>
  async (ask: Ask, n: number) => {
    await ask('sessions.create', { key: `made-${n}` });
    return { [key]: `made-${n}`, ...more };
  };
const message = (more: object = {}) => ({
  params: (_ask: Ask, n: number) => ({ message: 'hi', idempotencyKey: `key-${n}`, ...more }),
});
const finished = async (ask: Ask, n: number) => {
  const runId = `finished-${n}`;
  await ask('chat.send', { sessionKey: `finished-${n}`, message: 'hi', idempotencyKey: runId });
  await ask('agent.wait', { runId });
  return { runId };
};

/** One call of every method; the matrix fails for a method that has none. */
export const examples: Record<string, Example> = {
  health: nothing,
  status: nothing,
  'system-presence': nothing,
  'gateway.identity.get': nothing,
  'gateway.restart.preflight': nothing,
  'gateway.restart.request': { params: { reason: 'a test' }, alone: true },
  'diagnostics.stability': { params: { limit: 5 } },
  'logs.tail': { params: { limit: 5 } },

  'config.get': nothing,
  'usage.status': nothing,
  'usage.cost': { params: { days: 7 } },
  'models.list': nothing,
  'agents.list': nothing,
  'agents.files.list': { params: { agentId: 'main' } },
  'agents.files.get': { params: { agentId: 'main', name: 'AGENTS.md' } },
  'agents.files.set': { params: { agentId: 'main', name: 'SOUL.md', content: 'Be brief.' } },
  'agent.identity.get': nothing,
  'tools.catalog': nothing,
  'tools.effective': { params: session({}, 'sessionKey') },
  'tools.invoke': { params: { name: 'agents_list' } },

  agent: message({ sessionKey: 'main' }),
  'agent.wait': { params: finished },
  'runs.events': { params: finished },
  'chat.send': message({ sessionKey: 'main' }),
  'chat.history': { params: session({}, 'sessionKey') },
  'chat.abort': { params: { sessionKey: 'main' } },

  'sessions.list': { params: { limit: 5 } },
  'sessions.create': { params: (_ask, n) => ({ key: `new-${n}` }) },
  'sessions.resolve': { params: session() },
  'sessions.describe': { params: session() },
  'sessions.patch': { params: async (ask, n) => ({ ...(await session()(ask, n)), label: `label ${n}` }) },
  'sessions.reset': { params: session() },
  'sessions.delete': { params: session() },
  'sessions.usage': { params: { range: '7d', limit: 5 } },
  'sessions.send': { params: session({ message: 'hi' }) },
  'sessions.abort': { params: session() },
  'sessions.subscribe': nothing,
  'sessions.messages.subscribe': { params: session() },
  'sessions.messages.unsubscribe': { params: session() },
} satisfies Partial<Record<MethodName, Example>>;

type MethodName = typeof methods extends ReadonlyMap<infer Name, unknown> ? Name : never;
