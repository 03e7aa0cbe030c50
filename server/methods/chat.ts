import { chat } from '../../sdk/protocol/chat.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Acceptance } from '../agent/runs.ts';
import { refuseDelivery } from './delivery.ts';
import { requireExpectations } from './expectations.ts';
import { readHistory } from './history.ts';
import { implement } from './implement.ts';
import { chatRefusals, refuseUnsupported } from './refusals.ts';
import { findAgent, requireOpenKey, resolveKey, resolveSession } from './resolve.ts';
import { resolveClue } from './session-find.ts';
import { startTyped } from './typed.ts';

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

  history: ({ input, ctx }) => readHistory(ctx, input),

  startup: ({ input, ctx }) => {
    const { sessionKey, shortId, slugHint, agentId, ...page } = input;
    if ((sessionKey === undefined) === (shortId === undefined))
      throw new GatewayError('INVALID_REQUEST', 'name the session: give its sessionKey, or a shortId');
    if (sessionKey !== undefined) return readHistory(ctx, { ...page, sessionKey, agentId });
    ctx.subscriptions?.sessions();
    const resolution = resolveClue(ctx, { shortId, slugHint, agentId, allowMissing: true });
    return resolution.ok
      ? { ...readHistory(ctx, { ...page, sessionKey: resolution.key }), resolution }
      : { resolution };
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
