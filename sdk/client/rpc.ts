import { TRPCClientError, type TRPCLink, TRPCUntypedClient } from '@trpc/client';
import type { AnyTRPCProcedure, inferProcedureInput, inferProcedureOutput } from '@trpc/server';
import type { Contract, Namespaces } from '../protocol/contract.ts';
import { findGatewayError } from '../protocol/errors.ts';
import { atCallSite, type CallSite, callSite } from './call-site.ts';
import type { CallOptions } from './waiting.ts';

/** A method that changes nothing. */
export interface Query<Input, Output> {
  /** @throws GatewayError */
  query(input: Input, options?: CallOptions): Promise<Output>;
}

/** A method with effects. With an `idempotencyKey` in its input it survives a lost connection: the gateway replays. */
export interface Mutation<Input, Output> {
  /** @throws GatewayError */
  mutate(input: Input, options?: CallOptions): Promise<Output>;
}

/** Something that a gateway publishes. */
export interface Subscription<Payload> {
  /** Calls back for every event from now on. */
  subscribe(
    input: undefined,
    listener: { onData(payload: Payload): void; onError?(error: Error): void; onComplete?(): void },
  ): { unsubscribe(): void };
  /** Yields every event from now on; leaving the loop, or the signal, ends it. */
  subscribe(input?: undefined, options?: Pick<CallOptions, 'signal'>): AsyncIterableIterator<Payload>;
}

type Call<P extends AnyTRPCProcedure> = P['_def']['type'] extends 'query'
  ? Query<inferProcedureInput<P>, inferProcedureOutput<P>>
  : P['_def']['type'] extends 'mutation'
    ? Mutation<inferProcedureInput<P>, inferProcedureOutput<P>>
    : Subscription<inferProcedureOutput<P> extends AsyncIterable<infer Payload> ? Payload : never>;

type Calls<R> = {
  readonly [K in keyof R]: R[K] extends AnyTRPCProcedure
    ? Call<R[K]>
    : R[K] extends { _def: { record: infer Nested } }
      ? Calls<Nested>
      : never;
};

/** Every method and event of the contract by its wire name, for example `rpc.sessions.list.query({ limit: 20 })`. */
export type Rpc = Calls<Namespaces>;

const kinds = ['query', 'mutate', 'subscribe'] as const;

/** A tRPC client whose failures are GatewayErrors with the caller's stack. */
export function createRpc(link: TRPCLink<Contract>): Rpc {
  const client = new TRPCUntypedClient<Contract>({ links: [link] });
  const call = (path: string, kind: (typeof kinds)[number], [input, options]: unknown[], site: CallSite) => {
    if (kind === 'subscribe') return client.subscription(path, input, options as object);
    const { signal, timeoutMs } = (options ?? {}) as CallOptions;
    const request = { ...(signal && { signal }), context: { timeoutMs } };
    const answer = kind === 'query' ? client.query(path, input, request) : client.mutation(path, input, request);
    return answer.catch((error: unknown) => {
      throw atCallSite(unwrap(error), site);
    });
  };
  return pathProxy((path, kind, args, site) => call(path, kind, args, site)) as Rpc;
}

type OnCall = (path: string, kind: (typeof kinds)[number], args: unknown[], site: CallSite) => unknown;

/** Collects the names on the way to `query`, `mutate` or `subscribe`. */
function pathProxy(onCall: OnCall, names: readonly string[] = []): unknown {
  const known = new Map<string, unknown>();
  const kind = kinds.find((name) => name === names.at(-1));
  const invoke = (...args: unknown[]) => {
    if (!kind) throw new TypeError(`rpc.${names.join('.')} is no function; a call ends in query, mutate or subscribe`);
    return onCall(names.slice(0, -1).join('.'), kind, args, callSite(invoke));
  };
  return new Proxy(invoke, {
    get: (_, name) => {
      // A proxy that had `then` would be taken for a promise by `await`.
      if (typeof name !== 'string' || name === 'then') return undefined;
      if (!known.has(name)) known.set(name, pathProxy(onCall, [...names, name]));
      return known.get(name);
    },
  });
}

/** The GatewayError that tRPC has wrapped. */
function unwrap(error: unknown): unknown {
  const cause = error instanceof TRPCClientError ? error.cause : undefined;
  return findGatewayError(cause) ?? error;
}
