import { TRPCClientError, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { Contract } from '../protocol/contract.ts';
import { type ErrorShape, fromErrorShape } from '../protocol/errors.ts';
import type { ResponseFrame } from '../protocol/frames.ts';
import type { HelloOk } from '../protocol/hello.ts';
import type { Connection } from './connection.ts';
import { type GatewayEventName, listen } from './events.ts';
import type { Request } from './pending.ts';
import type { CallOptions } from './waiting.ts';

/** Milliseconds that a call may take when nobody said otherwise. */
export const defaultTimeoutMs = 30_000;

/**
 * The tRPC link over a connection: queries and mutations become requests whose method is the procedure's path,
 * subscriptions `events.X` become listeners for the event X. A call's `context.timeoutMs` is its deadline.
 */
export function createLink(connection: Connection, callTimeoutMs = defaultTimeoutMs): TRPCLink<Contract> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        const fail = (error: Error) => observer.error(TRPCClientError.from(error));
        if (op.type === 'subscription')
          return follow(connection, op.path.replace(/^events\./, ''), {
            started: () => observer.next({ result: { type: 'started' } }),
            payload: (data) => observer.next({ result: { type: 'data', data } }),
            ended: (cause) => (cause ? fail(cause) : observer.complete()),
          });
        const left = new AbortController();
        const leave = () => left.abort(op.signal?.reason);
        op.signal?.addEventListener('abort', leave);
        if (op.signal?.aborted) leave();
        const timeoutMs = typeof op.context.timeoutMs === 'number' ? op.context.timeoutMs : undefined;
        const options = { signal: left.signal, timeoutMs: timeoutMs ?? toDeadline(op.path, op.input, callTimeoutMs) };
        ask(connection, { method: op.path, params: op.input, repeat: toRepeat(op.type, op.input), options }).then(
          (data) => {
            observer.next({ result: { type: 'data', data } });
            observer.complete();
          },
          fail,
        );
        return () => {
          op.signal?.removeEventListener('abort', leave);
          leave();
        };
      });
}

/** Asks the gateway. @returns the payload of its answer. @throws GatewayError its own, or what kept it from answering. */
export async function ask(connection: Connection, request: Request): Promise<unknown> {
  return toPayload(await connection.request(request), connection.hello);
}

/**
 * The payload of an answer.
 * @param hello what the gateway said of this client's scopes.
 * @throws GatewayError when the answer is an error.
 */
export function toPayload({ ok, payload, error }: ResponseFrame, hello: HelloOk | undefined): unknown {
  if (ok) return payload;
  const shape = error ?? { code: 'INTERNAL', message: 'the gateway failed without saying why' };
  throw fromErrorShape({ ...shape, message: `${shape.message}${toFix(shape, hello)}` });
}

/** Why a scope is missing, when the gateway said so at the start (docs/protocol.md, "Scopes"). */
function toFix({ details }: ErrorShape, hello: HelloOk | undefined): string {
  const { code, missingScope } = (details ?? {}) as { code?: unknown; missingScope?: unknown };
  if (code !== 'MISSING_SCOPE' || !hello) return '';
  const { withheldScopes = [], requestedScopes } = hello.auth;
  const withheld = withheldScopes.find(({ scope }) => scope === missingScope) ?? withheldScopes[0];
  if (withheld) return ` (this client asked for scopes and was granted none of them: ${withheld.fix})`;
  return requestedScopes ? ` (this client asked for: ${requestedScopes.join(', ') || 'no scopes'})` : '';
}

/** Whether a request may be sent again on another connection. */
function toRepeat(type: 'query' | 'mutation', input: unknown): Request['repeat'] {
  if (type === 'query') return 'once';
  const { idempotencyKey } = (input ?? {}) as { idempotencyKey?: unknown };
  return typeof idempotencyKey === 'string' ? 'keyed' : 'never';
}

/** Methods that answer after as long as they are asked to wait need that much time and a little more. */
function toDeadline(method: string, input: unknown, callTimeoutMs: number): CallOptions['timeoutMs'] {
  if (method !== 'agent.wait') return callTimeoutMs;
  const { timeoutMs = defaultTimeoutMs } = (input ?? {}) as { timeoutMs?: number };
  return timeoutMs + callTimeoutMs;
}

interface Follower {
  started(): void;
  payload(payload: unknown): void;
  ended(cause: Error | undefined): void;
}

function follow(connection: Connection, event: string, follower: Follower): () => void {
  const stopEvents = listen(connection, event as GatewayEventName, follower.payload);
  const stopStates = connection.states.add((state) => {
    if (state.status === 'closed') follower.ended(state.cause);
  });
  if (connection.state.status === 'closed') follower.ended(connection.state.cause);
  else follower.started();
  return () => {
    stopEvents();
    stopStates();
  };
}
