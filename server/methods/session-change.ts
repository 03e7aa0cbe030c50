import type { z } from 'zod';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { patchMembers } from '../../sdk/protocol/session-inputs.ts';
import type { Context } from './context.ts';
import { resolveKey } from './resolve.ts';

type PatchInput = z.output<z.ZodObject<typeof patchMembers>>;

/** What a patch changes. @throws GatewayError INVALID_REQUEST for what cannot be had. */
export function toChange(ctx: Context, input: PatchInput) {
  if (input.archived !== undefined && input.expectedSessionId === undefined)
    throw new GatewayError('INVALID_REQUEST', 'archived needs expectedSessionId: read it with sessions.describe first');
  if (input.execSecurity !== undefined || input.execAsk !== undefined)
    throw new GatewayError(
      'INVALID_REQUEST',
      'execSecurity and execAsk are no settings of sessions any more: set permissionMode (read-only, guarded, workspace or full)',
    );
  for (const [member, reason] of notHad)
    if (input[member] != null) throw new GatewayError('INVALID_REQUEST', `${member} is not to be had here: ${reason}`);
  if (input.model) ctx.models.find(input.model);
  const owner = input.completionOwnerSessionKey;
  const completionOwnerSessionKey = owner ? resolveKey(ctx, owner).key : owner;
  return { ...input, completionOwnerSessionKey };
}

/** Under which conditions a call still applies. */
export function toExpected(input: {
  expectedSessionId?: string | undefined;
  expectedLifecycleRevision?: string | undefined;
  expectedMarkedUnreadAt?: number | null | undefined;
  expectedPermissionMode?: PatchInput['expectedPermissionMode'];
  expectedToolOverrides?: PatchInput['expectedToolOverrides'];
}) {
  return {
    sessionId: input.expectedSessionId,
    lifecycleRevision: input.expectedLifecycleRevision,
    markedUnreadAt: input.expectedMarkedUnreadAt,
    permissionMode: input.expectedPermissionMode,
    toolOverrides: input.expectedToolOverrides,
  };
}

const notHad = [
  ['contextWindow', 'no model here offers more than one'],
  ['execHost', 'commands are not run for sessions yet'],
  ['execNode', 'there are no nodes yet'],
] as const;
