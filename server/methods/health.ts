import { health, status } from '../../sdk/protocol/health.ts';
import { implementOne } from './implement.ts';

export const healthMethod = implementOne(health, ({ ctx }) => ctx.health());

export const statusMethod = implementOne(status, ({ ctx }) => ctx.status());
