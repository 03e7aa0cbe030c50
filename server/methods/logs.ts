import { logs } from '../../sdk/protocol/logs.ts';
import { tailLog } from '../log/tail.ts';
import { implement } from './implement.ts';

export const logsMethods = implement(logs, {
  tail: ({ input, ctx }) => tailLog(ctx.logFile(), input),
});
