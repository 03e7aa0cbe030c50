import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { type SessionPage, type SessionRow, sessions } from '../../sdk/protocol/sessions.ts';
import { newRunId, resetSession } from './agent.ts';
import { toSendAnswer } from './chat.ts';
import type { Context, Subscriptions } from './context.ts';
import { implement } from './implement.ts';
import { findAgent, requireSameSession, resolveKey, resolveSession } from './resolve.ts';
import { toDefaults } from './session-defaults.ts';
import { startTyped } from './typed.ts';

export const sessionsMethods = implement(sessions, {
  list: ({ input, ctx }) => toPage(ctx, input),

  create: async ({ input, ctx }) => {
    if (input.incognito || input.execNode)
      throw new GatewayError(
        'INVALID_REQUEST',
        `${input.incognito ? 'incognito' : 'execNode'} is not to be had here: leave it out`,
      );
    const owner = findAgent(
      ctx,
      input.key === undefined ? input.agentId : resolveKey(ctx, input.key, input.agentId).agentId,
    );
    const { key } = resolveKey(ctx, input.key ?? `dashboard:${randomUUID()}`, owner.id);
    if (input.model !== undefined) ctx.models.find(input.model);
    const { label, displayName, category, model, thinkingLevel } = input;
    const { row } = ctx.sessions.ensure(key, { change: { label, displayName, category, model, thinkingLevel } });
    const message = input.message ?? input.task;
    const run =
      message === undefined && !input.attachments?.length
        ? undefined
        : await startTyped(
            ctx,
            { message: message ?? '', attachments: input.attachments },
            {
              runId: input.idempotencyKey ?? newRunId(),
              agent: owner,
              sessionKey: key,
              connection: ctx.subscriptions?.connection,
            },
          );
    await ctx.sessions.durable();
    return {
      ok: true,
      key,
      sessionId: row.sessionId,
      ...toEntry(ctx, key),
      runStarted: run !== undefined,
      ...(run && { runId: run.row.runId }),
    };
  },

  resolve: ({ input, ctx }) => {
    const row = lookUp(ctx, input);
    if (row)
      return { ok: true, key: row.key, agentId: row.agentId, ...(row.displayName && { displayName: row.displayName }) };
    if (input.allowMissing) return { ok: false };
    const name = input.key ?? input.sessionId ?? input.label ?? input.shortId;
    if (name === undefined)
      throw new GatewayError('INVALID_REQUEST', 'name the session: give its key, sessionId, shortId or label');
    throw notFound(name);
  },

  describe: ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key);
    const add = { derivedTitle: input.includeDerivedTitles, lastMessage: input.includeLastMessage };
    return { session: ctx.sessions.find(key, add) ?? null };
  },

  patch: async ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.key, input.agentId);
    if (input.archived !== undefined && input.expectedSessionId === undefined)
      throw new GatewayError(
        'INVALID_REQUEST',
        'archived needs expectedSessionId: read it with sessions.describe first',
      );
    if (input.model) ctx.models.find(input.model);
    const { label, category, model, thinkingLevel, archived, pinned } = input;
    const expected = { sessionId: input.expectedSessionId, lifecycleRevision: input.expectedLifecycleRevision };
    ctx.sessions.patch(key, { label, category, model, thinkingLevel, archived, pinned }, expected);
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
    const {
      expectedSessionId: sessionId,
      expectedLifecycleRevision: lifecycleRevision,
      expectedSessionUpdatedAt: updatedAt,
    } = input;
    if (!input.deleteTranscript)
      throw new GatewayError(
        'INVALID_REQUEST',
        'a transcript goes with its session here: archive the session to keep it',
      );
    const row = ctx.sessions.find(key);
    if (input.archivedOnly && row && !row.archived)
      throw new GatewayError('INVALID_REQUEST', `session ${key} is not archived`);
    const deleted = ctx.sessions.delete(key, { sessionId, lifecycleRevision, updatedAt });
    if (deleted) for (const run of ctx.runs.liveIn(key)) run.abort('delete');
    await ctx.sessions.durable();
    return { ok: true, key, deleted, archived: [] };
  },

  send: async ({ input, ctx }) => {
    const { key, agent } = resolveSession(ctx, input.key, input.agentId);
    requireSession(ctx, key, undefined);
    const acceptance = await startTyped(ctx, input, {
      runId: input.idempotencyKey ?? newRunId(),
      agent,
      sessionKey: key,
      thinking: input.thinking,
      timeoutMs: input.timeoutMs,
      connection: ctx.subscriptions?.connection,
    });
    const { runId, status } = toSendAnswer(acceptance);
    return { runId, status };
  },

  abort: ({ input, ctx }) => {
    const runs = findRuns(ctx, input);
    const [working] = runs;
    for (const run of input.clearQueued ? runs : runs.slice(0, 1)) run.abort('rpc');
    return { ok: true, abortedRunId: working?.id ?? null, status: working ? 'aborted' : 'no-active-run' };
  },

  subscribe: ({ input, ctx }) => {
    requireSocket(ctx).sessions();
    const { limit, offset = 0, agentId, includeDerivedTitles = false, includeLastMessage = false } = input;
    if (limit === undefined) return { subscribed: true };
    return {
      subscribed: true,
      list: toPage(ctx, { limit, offset, agentId, includeDerivedTitles, includeLastMessage, archived: false }),
    };
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

interface PageInput {
  limit: number;
  offset: number;
  archived: boolean | 'all';
  includeDerivedTitles: boolean;
  includeLastMessage: boolean;
  agentId?: string | undefined;
  label?: string | undefined;
  search?: string | undefined;
  activeMinutes?: number | undefined;
  activeOnly?: boolean | undefined;
}

function toPage(ctx: Context, input: PageInput): SessionPage {
  const { limit, offset, agentId, label, search, archived, activeMinutes } = input;
  const ts = Date.now();
  const updatedSince = activeMinutes === undefined ? undefined : ts - activeMinutes * 60_000;
  const add = { derivedTitle: input.includeDerivedTitles, lastMessage: input.includeLastMessage };
  const { activeOnly } = input;
  const filter = { limit, offset, agentId, label, search, archived, updatedSince, activeOnly };
  const { rows, total } = ctx.sessions.list({ ...filter, ...add });
  const next = offset + rows.length;
  return {
    ts,
    path: ctx.sessions.path,
    count: rows.length,
    totalCount: total,
    limitApplied: limit,
    offset,
    nextOffset: next < total ? next : null,
    hasMore: next < total,
    owners: [],
    defaults: toDefaults(ctx),
    sessions: rows,
  };
}

function toEntry(ctx: Context, key: string) {
  const entry = requireSession(ctx, key, undefined);
  return { entry, resolved: { modelProvider: entry.modelProvider, model: entry.model } };
}

function lookUp(
  ctx: Context,
  input: {
    key?: string | undefined;
    sessionId?: string | undefined;
    label?: string | undefined;
    shortId?: string | undefined;
    agentId?: string | undefined;
  },
): SessionRow | undefined {
  if (input.key !== undefined) return ctx.sessions.find(resolveKey(ctx, input.key, input.agentId).key);
  const row = ctx.sessions.lookUp(input);
  return input.agentId === undefined || row?.agentId === input.agentId ? row : undefined;
}

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

function requireSession(ctx: Context, key: string, expectedSessionId: string | undefined): SessionRow {
  const row = ctx.sessions.find(key);
  if (!row) throw notFound(key);
  requireSameSession(ctx, key, expectedSessionId);
  return row;
}

function requireSocket(ctx: Context): Subscriptions {
  if (ctx.subscriptions) return ctx.subscriptions;
  throw new GatewayError('INVALID_REQUEST', 'subscriptions need a WebSocket; over HTTP subscribe to events.* instead', {
    details: { code: 'SOCKET_REQUIRED' },
  });
}

function notFound(name: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `session not found: ${name}. List them with: openclaw sessions list`, {
    details: { code: 'SESSION_NOT_FOUND', key: name },
  });
}
