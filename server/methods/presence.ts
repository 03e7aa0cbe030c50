import { systemPresence } from '../../sdk/protocol/presence.ts';
import { implementOne } from './implement.ts';

export const systemPresenceMethod = implementOne(systemPresence, ({ ctx }) => ctx.presence());
