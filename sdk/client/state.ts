import type { GatewayError } from '../protocol/errors.ts';
import type { HelloOk } from '../protocol/hello.ts';

/*
 * idle -> connecting -> authenticating -> ready
 *              ^              |             |
 *              |              v             v
 *              +-------- reconnecting <-----+        any -> closed
 */

/** Where the connection stands. Every change makes a new object, so that states can be compared by identity. */
export type ConnectionState =
  /** Nothing was asked yet. */
  | { readonly status: 'idle' }
  /** The socket is being opened. `attempt` counts from 1 since the last time it was ready. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /** The socket is open; the gateway is looking at the credentials. */
  | { readonly status: 'authenticating'; readonly attempt: number }
  | { readonly status: 'ready'; readonly hello: HelloOk }
  /** The connection failed or was lost; the next attempt begins after `delayMs`. */
  | {
      readonly status: 'reconnecting';
      readonly attempt: number;
      readonly delayMs: number;
      readonly cause: GatewayError;
    }
  /** For good: by `close()`, or by a refusal that another attempt cannot change, which is then the `cause`. */
  | { readonly status: 'closed'; readonly cause?: GatewayError };

export type ConnectionStatus = ConnectionState['status'];
