import { randomUUID } from 'node:crypto';
import { agent, agentWait } from '../../sdk/protocol/agent.ts';
import { GatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import type { SecondAnswer } from '../../sdk/protocol/method.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Run, RunInput } from '../agent/runs.ts';
import type { Context } from './context.ts';
import { refuseDelivery } from './delivery.ts';
import { requireExpectations } from './expectations.ts';
import { implementOne } from './implement.ts';
import { agentRefusals, refuseUnsupported } from './refusals.ts';
import { findAgent, requireOpenKey, resolveSession } from './resolve.ts';
import { startTyped } from './typed.ts';

export const agentMethod = implementOne(agent, async ({ input, ctx }) => {
  refuseDelivery(input);
  refuseUnsupported(input, agentRefusals);
  const named = input.sessionKey ?? findKeyById(ctx, input.sessionId);
  const owner = named === undefined ? findAgent(ctx, input.agentId).id : input.agentId;
  const session = resolveSession(ctx, named ?? ctx.mainKey(), owner);
  requireOpenKey(ctx, session.key);
  const { idempotencyKey, expectedExistingSessionId, execApprovalFollowupExpectedSessionId } = input;
  for (const sessionId of [expectedExistingSessionId, execApprovalFollowupExpectedSessionId])
    requireExpectations(ctx, session.key, { idempotencyKey, sessionId });
  const run: Omit<RunInput, 'content'> = {
    runId: input.idempotencyKey,
    agent: session.agent,
    sessionKey: session.key,
    model: toReference(input.provider, input.model),
    thinking: input.thinking || undefined,
    extraSystemPrompt: input.extraSystemPrompt,
    promptMode: input.promptMode ?? (input.bootstrapContextMode === 'lightweight' ? 'minimal' : undefined),
    withoutTools: input.modelRun,
    timeoutMs: (input.timeout ?? 0) * 1000,
    connection: ctx.subscriptions?.connection,
    // Its caller waits for an answer of its own.
    queue: { otherwise: 'alone' },
  };
  if (input.label) ctx.sessions.ensure(session.key, { change: { label: input.label } });
  const { row, replayed, run: live } = await startTyped(ctx, input, run);
  if (!replayed && live) ctx.follow?.(toSecondAnswer(live, ctx));
  const { runId, sessionKey, agentId, acceptedAt } = row;
  if (!replayed) return { runId, sessionKey, agentId, status: 'accepted', acceptedAt };
  if (!live) return toFinalPayload(row, ctx);
  const admissionPending = live.startedAt === undefined;
  return { runId, sessionKey, agentId, status: 'in_flight', ...(admissionPending && { admissionPending }) };
});

export const agentWaitMethod = implementOne(agentWait, ({ input: { runId, timeoutMs }, ctx, signal }) =>
  ctx.runs.wait(runId, { timeoutMs, signal, caller: ctx.subscriptions?.connection }),
);

function findKeyById(ctx: Context, sessionId: string | undefined): string | undefined {
  if (sessionId === undefined) return undefined;
  const [row] = ctx.sessions.lookUp({ sessionId });
  if (row) return row.key;
  throw new GatewayError(
    'INVALID_REQUEST',
    `no session has the id ${sessionId}. List them with: openclaw sessions list`,
    {
      details: { code: 'SESSION_NOT_FOUND', sessionId },
    },
  );
}

/** Aborts what works in a session and starts its transcript afresh. */
export function resetSession(ctx: Context, key: string, reason: 'new' | 'reset'): void {
  for (const run of ctx.runs.liveIn(key)) run.abort('reset');
  ctx.compaction.abort(key);
  if (ctx.sessions.find(key)) ctx.sessions.reset(key, reason);
}

async function toSecondAnswer(run: Run, ctx: Context): Promise<SecondAnswer> {
  const end = await run.ended;
  const row = ctx.runs.find(run.id);
  if (!row) return { ok: false, payload: { runId: run.id, status: 'error', summary: 'the session was deleted' } };
  const payload = toFinalPayload(row, ctx);
  if (end.status === 'ok') return { ok: true, payload };
  const error = new GatewayError('UNAVAILABLE', payload.summary, { details: toDetails(row, end.failure) });
  return { ok: false, payload, error: toErrorShape(error) };
}

function toDetails(row: RunRow, failure: { kind: string; httpStatus?: number | undefined } | undefined) {
  return {
    code: failure ? 'MODEL_FAILED' : 'RUN_STOPPED',
    runId: row.runId,
    ...(row.stopReason && { stopReason: row.stopReason }),
    ...(failure && { kind: failure.kind, httpStatus: failure.httpStatus, provider: row.provider, model: row.model }),
  };
}

/** What the end of a run looks like on the wire, also when it is asked for again. */
function toFinalPayload(row: RunRow, ctx: Context) {
  const { runId, sessionKey, agentId, text = '', provider, model, usage, answeredBy } = row;
  const sessionId = ctx.sessions.find(sessionKey)?.sessionId;
  const durationMs = (row.endedAt ?? row.acceptedAt) - (row.startedAt ?? row.acceptedAt);
  return {
    runId,
    sessionKey,
    agentId,
    status: row.status === 'ok' ? ('ok' as const) : ('error' as const),
    summary: row.status === 'ok' ? 'completed' : (row.error ?? row.status),
    result: {
      payloads: text ? [{ text, mediaUrl: null }] : [],
      meta: { durationMs, agentMeta: { sessionId, provider, model, usage }, ...(answeredBy && { answeredBy }) },
    },
  };
}

function toReference(provider: string | undefined, model: string | undefined): string | undefined {
  return provider && model ? `${provider}/${model}` : model;
}

/** A run id for a caller that brought no idempotency key. */
export const newRunId = (): string => randomUUID();
