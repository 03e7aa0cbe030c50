import type { z } from 'zod';
import type { listMembers } from '../../sdk/protocol/session-inputs.ts';
import type { SessionPage } from '../../sdk/protocol/session-row.ts';
import type { Context } from './context.ts';
import { resolveKey } from './resolve.ts';
import { toDefaults } from './session-defaults.ts';

type ListInput = z.output<z.ZodObject<typeof listMembers>>;

/** Rows that one page may have, whatever was asked. */
const maxLimit = 1000;

/** The page of sessions that was asked for. */
export function toPage(ctx: Context, input: ListInput): SessionPage {
  const ts = Date.now();
  const { offset } = input;
  const limit = Math.min(input.limit, maxLimit);
  const { rows, total } = isAskedForPeople(input)
    ? { rows: [], total: 0 }
    : ctx.sessions.list({ ...toFilter(ctx, input, ts), limit, offset });
  const next = offset + rows.length;
  const hasMore = rows.length > 0 && next < total;
  return {
    ts,
    path: ctx.sessions.path,
    count: rows.length,
    totalCount: total,
    limitApplied: limit,
    offset,
    nextOffset: hasMore ? next : null,
    hasMore,
    owners: [],
    ...(input.includePeople && { people: [] }),
    defaults: toDefaults(ctx),
    sessions: rows,
  };
}

/** Nobody owns, made or joined a session here: callers prove a secret or a device, not a person. */
function isAskedForPeople({ creatorId, ownerId, involvingProfileId, involvingMe }: ListInput): boolean {
  return creatorId !== undefined || ownerId !== undefined || involvingProfileId !== undefined || involvingMe;
}

function toFilter(ctx: Context, input: ListInput, ts: number) {
  const { agentId, label, search, archived, sortBy, activeOnly, boardFace, activeMinutes, spawnedBy } = input;
  return {
    agentId,
    label,
    search,
    archived,
    sortBy,
    activeOnly,
    boardFace,
    hasInteraction: input.requireLastInteraction,
    updatedSince: activeMinutes === undefined ? undefined : ts - activeMinutes * 60_000,
    spawnedBy: spawnedBy === undefined ? undefined : resolveKey(ctx, spawnedBy).key,
    agentIds: input.configuredAgentsOnly ? ctx.agents.list().map(({ id }) => id) : undefined,
    derivedTitle: input.includeDerivedTitles,
    lastMessage: input.includeLastMessage,
    activitySummary: input.includeActivitySummary,
  };
}
