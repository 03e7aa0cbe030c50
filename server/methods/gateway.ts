import { gateway } from '../../sdk/protocol/gateway.ts';
import { implement } from './implement.ts';

export const gatewayMethods = implement(gateway, {
  'identity.get': ({ ctx }) => ctx.identity(),
  'restart.preflight': ({ ctx }) => ctx.restart.preflight(),
  'restart.request'({ input, ctx }) {
    const preflight = ctx.restart.preflight();
    return { ok: true, status: 'scheduled', preflight, restart: ctx.restart.request(input) };
  },
});
