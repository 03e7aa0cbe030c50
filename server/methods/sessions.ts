import { GatewayError } from '../../sdk/protocol/errors.ts';
import { sessions } from '../../sdk/protocol/sessions.ts';
import { newRunId, resetSession } from './agent.ts';
import { toSendAnswer } from './chat.ts';
import type { Context, Subscriptions } from './context.ts';
import { maxTextChars } from './history.ts';
import { implement } from './implement.ts';
import { resolveKey, resolveSession } from './resolve.ts';
import { toChange, toExpected } from './session-change.ts';
import { createSession, toEntry } from './session-create.ts';
import { requireSession, resolveClue } from './session-find.ts';
import { toPage } from './session-list.ts';
import { startTyped } from './typed.ts';
import { reportSessions } from './usage.ts';

export const sessionsMethods = implement(sessions, {
  list: ({ input, ctx }) => toPage(ctx, input),

  search: async ({ input, ctx }) => {
    const { query, agentId, limit } = input;
    const sessionKeys = input.sessionKeys?.map((key) => resolveKey(ctx, key).key);
    return ctx.sessions.search({ query, agentId, limit, sessionKeys });
  },

  preview: ({ input, ctx }) => ({
    ts: Date.now(),
    previews: input.keys.map((key) => ({ ...ctx.sessions.preview(resolveKey(ctx, key).key, input), key })),
  }),

  get: ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    requireSession(ctx, key, undefined);
    return { messages: ctx.sessions.page(key, { limit: input.limit, offset: 0, maxChars: maxTextChars }).messages };
  },

  create: ({ input, ctx }) => createSession(ctx, input),

  resolve: ({ input, ctx }) => resolveClue(ctx, input),

  describe: ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key);
    const add = { derivedTitle: input.includeDerivedTitles, lastMessage: input.includeLastMessage };
    return { session: ctx.sessions.find(key, add) ?? null };
  },

  patch: async ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    ctx.sessions.patch(key, toChange(ctx, input), toExpected(input));
    if (input.archived) for (const run of ctx.runs.liveIn(key)) run.abort('archive');
    await ctx.sessions.durable();
    return { ok: true, path: ctx.sessions.path, key, ...toEntry(ctx, key) };
  },

  reset: async ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    requireSession(ctx, key, input.expectedSessionId);
    resetSession(ctx, key, input.reason);
    await ctx.sessions.durable();
    return { ok: true, key, ...toEntry(ctx, key) };
  },

  delete: async ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    const expected = { ...toExpected(input), updatedAt: input.expectedSessionUpdatedAt };
    const row = ctx.sessions.findDeletable(key, expected);
    if (input.archivedOnly && row && !row.archived)
      throw new GatewayError('INVALID_REQUEST', `session ${key} is not archived`, {
        details: { code: 'NOT_ARCHIVED' },
      });
    const deleteArchived = async (sessionId: string) => {
      // What works in it has its last words before: they belong into the file.
      await ctx.runs.endIn(key, 'delete');
      return ctx.sessions.deleteArchived(key, { sessionId });
    };
    const path = row && !input.deleteTranscript ? await deleteArchived(row.sessionId) : undefined;
    const deleted = input.deleteTranscript ? ctx.sessions.delete(key, expected) : path !== undefined;
    if (deleted) await ctx.runs.endIn(key, 'delete');
    await ctx.sessions.durable();
    return { ok: true, key, deleted, archived: path === undefined ? [] : [path] };
  },

  compact: async ({ input, ctx }) => {
    const { key, agent } = resolveSession(ctx, input.key, input.agentId);
    requireSession(ctx, key, undefined);
    if (input.maxLines !== undefined) {
      const { isCut, kept } = await ctx.compaction.truncate(key, input.maxLines);
      return { ok: true, key, compacted: isCut, kept };
    }
    const outcome = await ctx.compaction.compact({ key, agent });
    if (outcome.compacted) return { ok: true, key, compacted: true, result: outcome.result };
    return { ok: !outcome.isFailure, key, compacted: false, reason: outcome.reason };
  },

  usage: ({ input, ctx }) => reportSessions(ctx, input),

  send: async ({ input, ctx }) => {
    const { key, agent } = resolveSession(ctx, input.key, input.agentId);
    requireSession(ctx, key, undefined);
    const acceptance = await startTyped(ctx, input, {
      runId: input.idempotencyKey ?? newRunId(),
      agent,
      sessionKey: key,
      thinking: input.thinking || undefined,
      timeoutMs: input.timeoutMs,
      connection: ctx.subscriptions?.connection,
    });
    const { runId, status } = toSendAnswer(acceptance);
    return { runId, status };
  },

  abort: ({ input, ctx }) => {
    const runs = findRuns(ctx, input);
    const [working] = runs;
    // Those that wait first: none of them is to begin while the other ends.
    for (const run of input.clearQueued ? runs.toReversed() : runs.slice(0, 1)) run.abort('rpc');
    const isStopped = input.key !== undefined && !working && ctx.compaction.abort(resolveKey(ctx, input.key).key);
    return {
      ok: true,
      abortedRunId: working?.id ?? null,
      status: working || isStopped ? 'aborted' : 'no-active-run',
    };
  },

  subscribe: ({ input, ctx }) => {
    requireSocket(ctx).sessions();
    return input.limit === undefined ? { subscribed: true } : { subscribed: true, list: toPage(ctx, input) };
  },

  'messages.subscribe': ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    requireSocket(ctx).messagesOf(key);
    return { subscribed: true, key };
  },

  'messages.unsubscribe': ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    requireSocket(ctx).stopMessagesOf(key);
    return { subscribed: false, key };
  },
});

function findRuns(
  ctx: Context,
  { key, runId, agentId }: { key?: string | undefined; runId?: string | undefined; agentId?: string | undefined },
) {
  if (key === undefined && runId === undefined)
    throw new GatewayError('INVALID_REQUEST', 'name a session (key) or a run (runId)');
  const runs = key === undefined ? [] : ctx.runs.liveIn(resolveKey(ctx, key, agentId).key);
  if (runId === undefined) return runs;
  const run = ctx.runs.live(runId);
  return run && (key === undefined || runs.includes(run)) ? [run] : [];
}

function requireSocket(ctx: Context): Subscriptions {
  if (ctx.subscriptions) return ctx.subscriptions;
  throw new GatewayError('INVALID_REQUEST', 'subscriptions need a WebSocket; over HTTP subscribe to events.* instead', {
    details: { code: 'SOCKET_REQUIRED' },
  });
}
