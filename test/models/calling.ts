import type { Config } from '../../server/config/config.ts';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import type { Log, LogFields } from '../../server/log/log.ts';
import { createModelRegistry, type LiveModelRegistry } from '../../server/models/live-registry.ts';
import type { ModelEvent, ModelProvider, ModelRequest } from '../../server/models/provider.ts';

/** A request that says "Hi". */
export const hello: ModelRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] };

export const never: AbortSignal = new AbortController().signal;

/** A guide that says one word. */
export const guide: ModelProvider = {
  async *stream() {
    yield { type: 'text', delta: 'guided' };
    yield { type: 'finish', reason: 'stop', usage: { input: 1, output: 1, total: 2 } };
  },
};

/** A log that keeps what it is told. */
export function createTestLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const add = (message: string, fields?: LogFields) => {
    lines.push(fields ? `${message} ${JSON.stringify(fields)}` : message);
  };
  const log = { lines, debug: add, info: add, warn: add, error: add, redact: (text: string) => text, child: () => log };
  return log;
}

export interface TestRegistry extends LiveModelRegistry, AsyncDisposable {
  log: ReturnType<typeof createTestLog>;
}

/** A registry that looks for no local servers and retries at once, unless told otherwise. */
export function createTestRegistry(
  config: Config,
  options: Partial<Parameters<typeof createModelRegistry>[0]> = {},
): TestRegistry {
  const log = createTestLog();
  const registry = createModelRegistry({
    config,
    env: {},
    log,
    guide,
    servers: [],
    retry: { firstDelayMs: 1 },
    ...options,
  });
  return { ...registry, log, [Symbol.asyncDispose]: () => registry.close() };
}

/** A registry with one provider called `test`. */
export function createRegistryWith(provider: ProviderConfig, agents?: Config['agents']): TestRegistry {
  return createTestRegistry({ agents, models: { providers: { test: provider } } });
}

/** All events of a call. */
export async function collect(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const list: ModelEvent[] = [];
  for await (const event of events) {
    // Texts that arrived together are one event; what they were sent in is in it.
    if (event.type === 'text' && event.pieces) list.push(...event.pieces.map((delta) => ({ type: event.type, delta })));
    else list.push(event);
  }
  return list;
}

/** The text of a call's events. */
export function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
}

/** The failure that ends a call, or an error when it ends otherwise. */
export function failureOf(events: readonly ModelEvent[]) {
  const last = events.at(-1);
  if (last?.type !== 'failure') throw new Error(`ended with ${JSON.stringify(last)} instead of a failure`);
  return last.failure;
}
