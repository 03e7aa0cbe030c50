import type { Caller } from '../../server/auth/caller.ts';

/** A client on the gateway's machine. */
export const local: Caller = { address: '127.0.0.1', local: true, origin: undefined, host: '127.0.0.1:18789' };
/** A client elsewhere. */
export const remote: Caller = { address: '192.0.2.7', local: false, origin: undefined, host: 'gateway.lan:18789' };
