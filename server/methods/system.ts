import { system, systemEvent } from '../../sdk/protocol/system.ts';
import { implement, implementOne } from './implement.ts';

export const systemEventMethod = implementOne(systemEvent, ({ input, ctx }) => {
  ctx.systemEvents.add(input);
  return { ok: true };
});

export const systemMethods = implement(system, {
  info: ({ ctx }) => ctx.machine(),
});
