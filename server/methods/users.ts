import { GatewayError } from '../../sdk/protocol/errors.ts';
import { users } from '../../sdk/protocol/users.ts';
import { implement } from './implement.ts';

export const usersMethods = implement(users, {
  // Nobody can be anybody yet: a secret that is shared, and a device, say nothing of the person who uses it.
  self: () => {
    throw new GatewayError('FORBIDDEN', 'users.self requires an authenticated user');
  },
});
