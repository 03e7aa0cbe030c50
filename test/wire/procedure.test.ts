import { callTRPCProcedure } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import { contract } from '../../sdk/protocol/contract.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import { toWireError } from '../../server/wire/dispatch.ts';
import { askProcedure, type Question } from '../../server/wire/procedure.ts';
import { createMemoryLog } from './house.ts';

const contextOf = (scopes: string[], handle: CallContext['handle']): CallContext => ({
  principal: { id: 'c', role: 'operator', scopes, method: 'token' },
  handle,
  async *listen() {},
  spend() {},
});
const echo: CallContext['handle'] = (path, input) => ({ path, input });
const presence: CallContext['handle'] = () => [{ ts: 1, unknown: 'dropped' }];
const abort = new AbortController();

/** What comes out: a value, or the error as a client sees it. */
const outcome = async (asked: Promise<unknown>) =>
  await asked.then(
    (value) => ({ value }),
    (error: unknown) => {
      const { message, code } = toWireError(error, { id: '1', method: 'm', log: createMemoryLog() });
      return { error: { code, message: message.replace(/request id .*/, 'request id') } };
    },
  );

describe('askProcedure', () => {
  it.each<[string, string, 'query' | 'mutation', unknown, CallContext]>([
    ['answers as declared', 'system-presence', 'query', {}, contextOf(['operator.read'], presence)],
    ['fills in defaults', 'runs.events', 'query', { runId: 'r' }, contextOf(['operator.read'], echo)],
    ['misses a scope', 'system-presence', 'query', {}, contextOf([], presence)],
    ['misses a scope before it looks at the input', 'sessions.list', 'query', { limit: 0 }, contextOf([], echo)],
    [
      'misses a scope that the input needs',
      'agent',
      'mutation',
      { message: '/new', idempotencyKey: 'k' },
      contextOf(['operator.write'], echo),
    ],
    ['refuses input', 'sessions.list', 'query', { limit: 0 }, contextOf(['operator.read'], echo)],
    ['refuses output', 'system-presence', 'query', {}, contextOf(['operator.read'], echo)],
    [
      'passes on what a handler throws',
      'system-presence',
      'query',
      {},
      contextOf(['operator.read'], () => {
        throw new GatewayError('UNAVAILABLE', 'not now');
      }),
    ],
    [
      'hides what a handler did not mean to throw',
      'system-presence',
      'query',
      {},
      contextOf(['operator.read'], async () => {
        throw new TypeError('oops');
      }),
    ],
  ])('%s, as tRPC does', async (_name, path, type, input, ctx) => {
    const question: Question = { path, type, ctx, signal: abort.signal, getRawInput: async () => input };
    const trpc = callTRPCProcedure({ ...question, router: contract, batchIndex: 0 });
    expect(await outcome(askProcedure(question))).toEqual(await outcome(trpc));
  });

  it('gives the handler the parsed input and the signal of the caller', async () => {
    let given: unknown;
    const ctx = contextOf(['operator.read'], (path, input, { signal }) => {
      given = { path, input, signal };
      return { run: undefined, events: [], hasMore: false };
    });
    await outcome(
      askProcedure({
        path: 'runs.events',
        type: 'query',
        ctx,
        signal: abort.signal,
        getRawInput: async () => ({ runId: 'r' }),
      }),
    );
    expect(given).toEqual({ path: 'runs.events', input: { runId: 'r', after: 0, limit: 1000 }, signal: abort.signal });
  });
});
