import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RecordStability } from '../../sdk/protocol/diagnostics.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { StateVersion } from '../../sdk/protocol/frames.ts';
import type { HealthSnapshot } from '../../sdk/protocol/health.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Beacon, PresenceEntry } from '../../sdk/protocol/presence.ts';
import type { Caller } from '../auth/caller.ts';
import type { LivingAuthentication } from '../auth/follow-policy.ts';
import type { ProxySettings } from '../auth/proxies.ts';
import type { Devices } from '../devices/devices.ts';
import type { Log } from '../log/log.ts';
import type { CallBudget } from '../methods/call-budget.ts';
import type { Context } from '../methods/context.ts';
import type { WireFigures } from './figures.ts';
import type { Limits } from './limits.ts';
import type { OwnPresence } from './presence.ts';
import { Sockets } from './sockets.ts';
import type { Traffic } from './traffic.ts';
import type { HelloFacts } from './welcome.ts';

/** What a handler gets of the call besides its input; the rest of its context are the domains. */
export type WireCall = Pick<Context, 'principal' | 'subscriptions' | 'follow'> & { signal: AbortSignal | undefined };

export interface WireOptions {
  authentication: Pick<LivingAuthentication, 'mode' | 'authenticate' | 'holds'>;
  /** Decides on clients that are devices, and is told when they come and go. */
  devices: Pick<Devices, 'admit' | 'joined' | 'left' | 'recoveryScope'>;
  /** `gateway.controlUi.allowedOrigins`; read anew for each socket. Default none. */
  allowedOrigins?: readonly string[] | undefined;
  /** Who may pass sockets on; read anew for each. Default nobody. */
  proxies?: ProxySettings | undefined;
  /** Scopes that a person has besides those of the device, by `gateway.auth.identityScopes`. Default none. */
  scopesOf?: ((user: string) => readonly string[]) | undefined;
  /** Runs the handler of a method. Scope and input have been checked; what it throws is answered. */
  handle(path: string, input: unknown, call: WireCall): unknown;
  /** What `hello-ok` says of the gateway, as it is now. */
  hello(): HelloFacts;
  /** How the gateway is; told to everybody who has just connected. Default: nobody is told. */
  health?: (() => HealthSnapshot) | undefined;
  /** How the gateway shows up in the list of who is present. */
  self: OwnPresence;
  /** True while domains are still coming up: clients are told to come back. Default never. */
  isStarting?: (() => boolean) | undefined;
  /** Counts the calls of methods that have a limit. */
  budget: CallBudget;
  /** Told of every request that is answered; `outcome` is `ok` or the code of the error. Default: nobody is told. Contract: does not throw. */
  answered?: ((call: { method: string; outcome: string; ms?: number }) => void) | undefined;
  /** Tells what is asked and answered. Default: nobody is told. */
  traffic?: Traffic | undefined;
  /** Takes down what strains the gateway. */
  record: RecordStability;
  /** Default `defaultLimits`. */
  limits?: Limits | undefined;
  log: Log;
}

/** Why the gateway goes away, as clients are told. */
export interface Goodbye {
  /** For people: `gateway stopping`, `gateway restarting`. */
  reason: string;
  /** Milliseconds until it is expected back; absent when it is not. */
  restartExpectedMs?: number | undefined;
}

/** Which sockets of a device are meant. */
export interface DeviceSockets {
  deviceId: string;
  /** Default all. */
  role?: string | undefined;
  /** Id of a connection that is not. */
  sparing?: string | undefined;
}

/** All sockets of the gateway. */
export interface Wire {
  /** Takes a socket; attach it to the `upgrade` event of an HTTP server. Any path will do. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  publish: Publish;
  /** Follows one event without a socket, for the contract over HTTP. */
  listen: CallContext['listen'];
  presence(): PresenceEntry[];
  /** Takes down who is present though not connected, and tells everybody. */
  hear(beacon: Beacon): void;
  stateVersion(): StateVersion;
  /** Sockets before hello, sockets after it, and what waits to be sent to the latter. */
  counts(): { opening: number; ready: number; bufferedBytes: number };
  /** The same by who the clients are, with what they were too slow for. */
  figures(): WireFigures;
  /** Closes sockets whose caller does not hold any more with 4001 `auth changed`. */
  closeOutdated(holds: (caller: Caller) => boolean): void;
  /** Closes sockets with 4001 `device removed`. */
  closeDevice(device: DeviceSockets): void;
  /** Takes no new sockets from now on: HTTP 503. */
  drain(): void;
  /** Says `shutdown` to every client, then closes every socket with 1012. Resolves when all are gone. */
  close(goodbye: Goodbye): Promise<void>;
}

export function createWire(options: WireOptions): Wire {
  const sockets = new Sockets(options);
  const { hub, presence } = sockets;
  return {
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    publish: hub.publish,
    listen: hub.listen,
    presence: presence.list,
    hear: (beacon) => sockets.hear(beacon),
    stateVersion: hub.stateVersion,
    counts: () => sockets.counts(),
    figures: () => sockets.figures(),
    closeOutdated: (holds) => sockets.closeOutdated(holds),
    closeDevice: (device) => sockets.closeDevice(device),
    drain: () => sockets.drain(),
    close: (goodbye) => sockets.close(goodbye),
  };
}
