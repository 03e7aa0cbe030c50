import type { PermissionMode, ToolOverrides } from '../../sdk/protocol/session-row.ts';
import { sessionChanged } from '../sessions/faults.ts';
import { isAs } from '../sessions/same.ts';
import type { Context } from './context.ts';
import { requireSameSession } from './resolve.ts';

/** What a sender takes for granted. */
export interface Expectations {
  idempotencyKey: string;
  sessionId?: string | undefined;
  expectedLeafEntryId?: string | null | undefined;
  expectedSessionRoutingContract?: string | undefined;
  expectedPermissionMode?: PermissionMode | null | undefined;
  expectedToolOverrides?: ToolOverrides | Record<string, unknown> | null | undefined;
  queueMode?: string | undefined;
}

/**
 * Refuses a message that was written for another state of its session. One that is sent again is not asked: its first answer
 * was given in the state of then.
 * @throws GatewayError INVALID_REQUEST, with what has changed as `details.reason`.
 */
export function requireExpectations(ctx: Context, key: string, expected: Expectations): void {
  if (ctx.runs.find(expected.idempotencyKey)) return;
  requireSameSession(ctx, key, expected.sessionId);
  if (expected.queueMode !== 'steer') requireLeaf(ctx, key, expected.expectedLeafEntryId);
  const session = ctx.sessions.find(key);
  requireSame(key, 'permission-mode-changed', expected.expectedPermissionMode, session?.permissionMode);
  requireSame(key, 'tool-overrides-changed', expected.expectedToolOverrides, session?.toolOverrides);
  if (expected.expectedSessionRoutingContract !== undefined)
    throw sessionChanged(key, { reason: 'session-routing-changed' });
}

/** The row that the sender saw last has to be in the transcript still; a reset begins another. */
function requireLeaf(ctx: Context, key: string, leaf: string | null | undefined): void {
  if (leaf === undefined) return;
  const { messages, total } = ctx.sessions.history(key, { limit: 1, offset: 0 });
  const newest = messages.at(-1);
  if (leaf === null) {
    if (newest) throw sessionChanged(key, { reason: 'active-leaf-changed' });
    return;
  }
  const { messages: around } = ctx.sessions.page(key, { limit: 1, offset: 0, messageId: leaf, maxChars: 1 });
  const seq = around.find((row) => row.__openclaw.id === leaf)?.__openclaw.seq;
  const oldest = (newest?.__openclaw.seq ?? 0) - total + 1;
  if (seq === undefined || seq < oldest) throw sessionChanged(key, { reason: 'active-leaf-changed' });
}

function requireSame(key: string, reason: string, expected: unknown, actual: unknown): void {
  if (!isAs(expected, actual)) throw sessionChanged(key, { reason });
}
