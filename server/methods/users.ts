import { GatewayError } from '../../sdk/protocol/errors.ts';
import { users } from '../../sdk/protocol/users.ts';
import { implement } from './implement.ts';

export const usersMethods = implement(users, {
  // A secret that is shared, and a device, say nothing of the person who uses it.
  self: ({ ctx: { principal } }) => {
    if (principal.user === undefined) throw new GatewayError('FORBIDDEN', 'users.self requires an authenticated user');
    return { profile: { id: principal.user, displayName: principal.user } };
  },
});
