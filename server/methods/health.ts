import { health, type StatusSummary, status } from '../../sdk/protocol/health.ts';
import { isGranted } from '../../sdk/protocol/scopes.ts';
import { implementOne } from './implement.ts';

export const healthMethod = implementOne(health, ({ input, ctx }) => ctx.health(input));

export const statusMethod = implementOne(status, ({ ctx }) => {
  const summary = ctx.status();
  return isGranted(ctx.principal.scopes, 'operator.admin') ? summary : withoutAdminMembers(summary);
});

/** Where things are on this machine, and what people have told it, is for its owner. */
function withoutAdminMembers({ sessions, ...summary }: StatusSummary): StatusSummary {
  const byAgent = sessions.byAgent.map(({ path, ...agent }) => agent);
  return { ...summary, queuedSystemEvents: [], sessions: { ...sessions, paths: [], byAgent } };
}
