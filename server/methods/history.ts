import type { HistoryDelta, HistoryPage } from '../../sdk/protocol/history.ts';
import type { Context } from './context.ts';
import { requireSameSession, resolveKey } from './resolve.ts';
import { toDefaults } from './session-defaults.ts';

/** Characters of one text that are answered when the caller does not say. */
export const maxTextChars = 500_000;

/** Which part of which transcript is asked for; see the contract. */
export interface HistoryRequest {
  sessionKey: string;
  agentId?: string | undefined;
  cursor?: string | undefined;
  limit: number;
  offset: number;
  maxChars?: number | undefined;
  messageId?: string | undefined;
  sessionId?: string | undefined;
  pendingBefore?: number | undefined;
  inputRunIds?: string[] | undefined;
}

/** A page of a transcript, or what is new after a cursor. @throws GatewayError INVALID_REQUEST when the session has another id. */
export function readHistory(ctx: Context, input: HistoryRequest): HistoryPage | HistoryDelta {
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
