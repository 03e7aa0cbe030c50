import { config } from '../../sdk/protocol/config.ts';
import { implement } from './implement.ts';

export const configMethods = implement(config, {
  get: ({ ctx }) => ctx.configSnapshot(),
});
