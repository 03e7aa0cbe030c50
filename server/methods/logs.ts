import { logs } from '../../sdk/protocol/logs.ts';
import { implement } from './implement.ts';

export const logsMethods = implement(logs, {
  tail: ({ input, ctx }) => ctx.tailLog(input),
});
