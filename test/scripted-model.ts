import type { Usage } from '../sdk/protocol/usage.ts';
import type { ModelEvent, ModelRequest } from '../server/models/provider.ts';
import type { Model, ModelFacts, ModelRegistry } from '../server/models/registry.ts';

/** What a scripted model does when it is called: says things, waits for the test, or looks at the request first. */
export type Script = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent> | Iterable<ModelEvent>;

export const usage = { input: 3, output: 5, total: 8 };

/** A reply in these pieces. */
export const say = (...pieces: string[]): Script =>
  function* () {
    for (const delta of pieces) yield { type: 'text', delta };
    yield { type: 'finish', reason: 'stop', usage };
  };

/** A reply for which the provider counts these tokens. */
export const sayFor = (counts: Partial<Usage>, ...pieces: string[]): Script =>
  function* () {
    const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 } = counts;
    for (const delta of pieces) yield { type: 'text', delta };
    const total = input + output + cacheRead + cacheWrite;
    yield { type: 'finish', reason: 'stop', usage: { input, output, total, ...counts } };
  };

/** A call of a tool. */
export const callTool = (name: string, args: Record<string, unknown> = {}, id = `call-${name}`): Script =>
  function* () {
    yield { type: 'toolCall', id, name, arguments: args };
    yield { type: 'finish', reason: 'toolCalls', usage };
  };

/** A refusal of the provider. */
export const fail = (message: string, model = 'test/one'): Script =>
  function* () {
    const [provider = '', id = ''] = model.split('/');
    yield {
      type: 'failure',
      failure: { kind: 'unavailable', message, provider, model: id, httpStatus: 503, retryable: true },
    };
  };

/** A reply that stops after its first piece until the test lets it go on, or the run is aborted. */
export function hold(first: string, then: string) {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const script: Script = async function* (_request, signal) {
    yield { type: 'text', delta: first };
    begun.resolve();
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([gate.promise, aborted]);
    if (signal.aborted) return;
    yield { type: 'text', delta: then };
    yield { type: 'finish', reason: 'stop', usage };
  };
  return { script, begun: begun.promise, release: gate.resolve };
}

/** A registry whose models play their scripts in order; the last one is repeated. */
export function scriptedModels(
  scripts: Record<string, Script[]>,
  facts: Record<string, Partial<ModelFacts>> = {},
): ModelRegistry & { requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  const played = new Map<string, number>();
  return {
    requests,
    find(reference): Model {
      const lines = scripts[reference];
      if (!lines) throw new Error(`no script for ${reference}`);
      const [provider = '', id = ''] = reference.split('/');
      return {
        provider,
        id,
        api: 'scripted',
        contextWindow: facts[reference]?.contextWindow,
        async *stream(request, signal) {
          requests.push(structuredClone({ ...request }));
          const turn = played.get(reference) ?? 0;
          played.set(reference, turn + 1);
          const script = lines[Math.min(turn, lines.length - 1)];
          if (script) yield* script(request, signal);
        },
      };
    },
    facts: (provider, model) => ({ contextWindow: undefined, cost: undefined, ...facts[`${provider}/${model}`] }),
    fallback: () => ({ model: Object.keys(scripts)[0] ?? '', reason: 'scripted' }),
    list: () => [],
    limits: () => [],
    refresh: () => Promise.resolve(),
    providers: () => [],
    embed: () => Promise.reject(new Error('no embeddings in a script')),
    close: () => Promise.resolve(),
  };
}
