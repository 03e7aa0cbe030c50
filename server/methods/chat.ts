import { chat, type HistoryPage } from '../../sdk/protocol/chat.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Acceptance } from '../agent/runs.ts';
import type { Context } from './context.ts';
import { refuseDelivery } from './delivery.ts';
import { requireExpectations } from './expectations.ts';
import { implement } from './implement.ts';
import { chatRefusals, refuseUnsupported } from './refusals.ts';
import { findAgent, requireOpenKey, requireSameSession, resolveKey, resolveSession } from './resolve.ts';
import { toDefaults } from './session-defaults.ts';
import { startTyped } from './typed.ts';

/** Characters of one text that are answered when the caller does not say. */
export const maxTextChars = 500_000;

export const chatMethods = implement(chat, {
  send: async ({ input, ctx }) => {
    refuseDelivery(input);
    refuseUnsupported(input, chatRefusals);
    const { key, agent } = resolveSession(ctx, input.sessionKey, input.agentId);
    requireOpenKey(ctx, key);
    requireExpectations(ctx, key, input);
    const acceptance = await startTyped(ctx, input, {
      runId: input.idempotencyKey,
      agent,
      sessionKey: key,
      thinking: input.thinking || undefined,
      timeoutMs: input.timeoutMs,
      queue: { mode: input.queueMode, otherwise: 'steer' },
      connection: ctx.subscriptions?.connection,
    });
    return toSendAnswer(acceptance);
  },

  history: ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.sessionKey, input.agentId);
    requireSameSession(ctx, key, input.sessionId);
    const sessionInfo = ctx.sessions.find(key) ?? null;
    const now = {
      deltaCursor: ctx.sessions.cursor(key),
      sessionInfo,
      ...toInFlight(ctx, key),
      ...toPending(ctx, input, sessionInfo),
    };
    if (input.cursor !== undefined) {
      const messages = ctx.sessions.historyAfter(key, input.cursor);
      return messages ? { kind: 'delta', messages, ...now } : { kind: 'reset' };
    }
    const { limit, offset, messageId, maxChars = maxTextChars } = input;
    const { messages, total, nextOffset } = ctx.sessions.page(key, { limit, offset, messageId, maxChars });
    return {
      sessionKey: key,
      sessionId: sessionInfo?.sessionId ?? null,
      messages,
      hasMore: nextOffset !== undefined,
      ...(nextOffset !== undefined && { nextOffset }),
      totalMessages: total,
      defaults: toDefaults(ctx),
      ...now,
    };
  },

  inject: async ({ input, ctx }) => {
    const { key, agent } = resolveSession(ctx, input.sessionKey, input.agentId);
    requireOpenKey(ctx, key);
    const text = input.label ? `[${input.label}] ${input.message}` : input.message;
    const { __openclaw } = await ctx.notes.add(key, { agentId: agent.id, text });
    return { ok: true, messageId: __openclaw.id };
  },

  metadata: ({ input, ctx }) => {
    if (input.agentId !== undefined) findAgent(ctx, input.agentId);
    return {
      models: ctx.models.list(),
      commands: ctx.commands.list({ includeArgs: true }),
      swarmEnabled: false,
      accountSelection: { kind: 'automatic', label: "The provider's key in the configuration" },
    };
  },

  abort: ({ input, ctx }) => {
    const { key } = resolveKey(ctx, input.sessionKey, input.agentId);
    const runs = ctx.runs.liveIn(key).filter((run) => input.runId === undefined || run.id === input.runId);
    // Those that wait first: none of them is to begin while the others end.
    for (const run of runs.toReversed()) run.abort('rpc');
    const isStopped = input.runId === undefined && ctx.compaction.abort(key);
    return { ok: true, aborted: runs.length > 0 || isStopped, runIds: runs.map((run) => run.id) };
  },
});

/** The answer to a message that was sent, also when it was sent before. */
export function toSendAnswer({ row, replayed, run }: Acceptance) {
  const { runId } = row;
  if (!replayed) return { runId, status: 'started' as const };
  if (run) return { runId, status: 'in_flight' as const };
  return { runId, ...toEnded(row) };
}

function toEnded({ status, error, stopReason, endedAt }: RunRow) {
  if (status === 'ok') return { status: 'ok' as const };
  if (status === 'aborted')
    return {
      status: 'timeout' as const,
      summary: 'aborted',
      stopReason: stopReason ?? 'rpc',
      ...(endedAt && { endedAt }),
    };
  return {
    status: status === 'timeout' ? ('timeout' as const) : ('error' as const),
    summary: error ?? status,
    ...(endedAt && { endedAt }),
  };
}

function toInFlight(ctx: Context, key: string): Pick<HistoryPage, 'inFlightRun'> {
  const [run] = ctx.runs.liveIn(key);
  if (run?.startedAt === undefined) return {};
  return { inFlightRun: { runId: run.id, text: run.text, startedAt: run.startedAt, events: [...run.recent] } };
}

/** What was accepted and is not in the transcript yet. */
function toPending(
  ctx: Context,
  { pendingBefore, inputRunIds }: { pendingBefore?: number | undefined; inputRunIds?: string[] | undefined },
  session: HistoryPage['sessionInfo'],
): Pick<HistoryPage, 'pendingInputs' | 'inputReceipts'> {
  const pendingInputs = session ? ctx.runs.pending(session.key, pendingBefore) : { items: [], total: 0 };
  if (!session || !inputRunIds) return { pendingInputs };
  return { pendingInputs, inputReceipts: ctx.runs.receipts(session.sessionId, inputRunIds) };
}
