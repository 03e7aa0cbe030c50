import { GatewayError } from '../../sdk/protocol/errors.ts';
import { usage } from '../../sdk/protocol/usage.ts';
import type { SessionsRequest } from '../usage/report.ts';
import type { Context } from './context.ts';
import { implement } from './implement.ts';
import { findAgent, resolveKey } from './resolve.ts';

export const usageMethods = implement(usage, {
  status: ({ ctx }) => ({ updatedAt: Date.now(), providers: ctx.models.limits() }),

  cost: ({ input, ctx }) => ctx.usage.cost(input, pickAgent(ctx, input)),
});

interface SessionsInput extends Omit<SessionsRequest, 'groupBy' | 'limit'> {
  agentScope?: 'all' | undefined;
  groupBy?: SessionsRequest['groupBy'] | undefined;
  includeHistorical?: boolean | undefined;
  limit?: number | undefined;
}

const defaultRows = 50;
const maxRows = 500;

/** Answers `sessions.usage`. */
export function reportSessions(ctx: Context, input: SessionsInput) {
  const { limit = defaultRows, includeHistorical, groupBy, ...request } = input;
  const key = input.key === undefined ? undefined : resolveKey(ctx, input.key, input.agentId).key;
  if (key !== undefined && input.agentScope) throw bothScopes('key');
  return ctx.usage.sessions({
    ...request,
    key,
    agentId: key === undefined ? pickAgent(ctx, input) : undefined,
    groupBy: groupBy === 'family' || includeHistorical ? 'family' : 'instance',
    limit: Math.min(limit, maxRows),
  });
}

/** One agent, the default one when none is named; undefined for all. An agent that was deleted has its usage still. */
function pickAgent(
  ctx: Context,
  { agentId, agentScope }: { agentId?: string | undefined; agentScope?: 'all' | undefined },
): string | undefined {
  if (agentId !== undefined && agentScope) throw bothScopes('agentId');
  if (agentScope) return undefined;
  return agentId !== undefined && ctx.usage.knowsAgent(agentId) ? agentId : findAgent(ctx, agentId).id;
}

function bothScopes(other: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `agentScope all cannot be combined with ${other}: leave one of them out`);
}
