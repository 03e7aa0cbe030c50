import { device } from '../../sdk/protocol/device.ts';
import { implement } from './implement.ts';

export const deviceMethods = implement(device, {
  'pair.list': ({ ctx }) => ctx.devices.list(ctx.principal),
  'pair.approve': ({ input, ctx }) => ctx.devices.approve(input.requestId, ctx.principal),
  'pair.reject': ({ input, ctx }) => ctx.devices.reject(input.requestId, ctx.principal),
  'pair.remove': ({ input, ctx }) => ctx.devices.remove(input.deviceId, ctx.principal),
  'pair.rename': ({ input, ctx }) => ctx.devices.rename(input.deviceId, input.label, ctx.principal),
  'token.rotate': ({ input, ctx }) => ctx.devices.rotate(input, ctx.principal),
  'token.revoke': ({ input, ctx }) => ctx.devices.revoke(input, ctx.principal),
});
