import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import { sessionNotFound } from '../sessions/faults.ts';
import type { Clue } from '../sessions/look-up.ts';
import type { Context } from './context.ts';
import { requireSameSession, resolveKey } from './resolve.ts';

/** The session with that key. @throws GatewayError INVALID_REQUEST when there is none, or it has another id by now. */
export function requireSession(ctx: Context, key: string, expectedSessionId: string | undefined): SessionRow {
  const row = ctx.sessions.find(key);
  if (!row) throw sessionNotFound(key);
  requireSameSession(ctx, key, expectedSessionId);
  return row;
}

/** The one session that a clue fits, or the candidates. @throws GatewayError INVALID_REQUEST for a clue that fits none. */
export function resolveClue(ctx: Context, input: Clue & { allowMissing: boolean }) {
  const { key, sessionId, shortId, label, spawnedBy } = input;
  const [name, another] = [key, sessionId, shortId, label].filter((clue) => clue !== undefined);
  if (name === undefined || another !== undefined)
    throw new GatewayError('INVALID_REQUEST', 'name the session: give one of its key, sessionId, shortId or label');
  const found = ctx.sessions.lookUp({
    ...input,
    key: key === undefined ? undefined : resolveKey(ctx, key, input.agentId).key,
    spawnedBy: spawnedBy === undefined ? undefined : resolveKey(ctx, spawnedBy).key,
  });
  const [row, ...others] = found;
  if (row && others.length === 0) return { ok: true as const, ...toCandidate(row) };
  if (others.length > 0) return { ok: false as const, candidates: found.map(toCandidate) };
  if (input.allowMissing) return { ok: false as const };
  throw sessionNotFound(name);
}

function toCandidate({ key, agentId, label, displayName = label, boardFace }: SessionRow) {
  return { key, agentId, ...(displayName && { displayName }), ...(boardFace && { boardFace }) };
}
