import { commands } from '../../sdk/protocol/commands.ts';
import { implement } from './implement.ts';

export const commandsMethods = implement(commands, {
  list: ({ input, ctx }) => ({ commands: ctx.commands.list(input) }),
});
