import { z } from 'zod';
import { timestampMs } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

/** What is told of a token that was issued to a device; never the token itself. */
export interface DeviceToken {
  role: string;
  /** What a connection that brings it may ask for. */
  scopes: string[];
  createdAtMs: number;
  /** When the token that is in effect took the place of an earlier one. */
  rotatedAtMs?: number | undefined;
  lastUsedAtMs?: number | undefined;
  /** Present on a token that is no longer accepted. */
  revokedAtMs?: number | undefined;
}

/** What a client says of itself when it asks to be paired. */
export interface DeviceClient {
  displayName?: string | undefined;
  platform?: string | undefined;
  deviceFamily?: string | undefined;
  clientId?: string | undefined;
  clientMode?: string | undefined;
  /** Of the page, when the client is one. */
  browserOrigin?: string | undefined;
  /** Where it came from; absent on this machine. */
  remoteIp?: string | undefined;
}

/** A device that was let in, with what it may be. */
export interface PairedDevice extends DeviceClient {
  /** Lower-case hex SHA-256 of its public key. */
  deviceId: string;
  /** Raw Ed25519 key, base64url. */
  publicKey: string;
  /** Given with `device.pair.rename`; wins over `displayName`. */
  operatorLabel?: string | undefined;
  /** The first of `roles`. */
  role?: string | undefined;
  /** What it may connect as; one that was revoked is left out. */
  roles: string[];
  /** What an operator approved it for. */
  scopes: string[];
  /** `silent` for a device of this machine that brought the secret, `owner` for one that somebody approved. */
  approvedVia: 'silent' | 'owner';
  createdAtMs: number;
  approvedAtMs: number;
  lastSeenAtMs?: number | undefined;
  /** `connect` or `disconnect`. */
  lastSeenReason?: string | undefined;
  connected: boolean;
  tokens: DeviceToken[];
}

/** A device that waits for somebody's approval; five minutes at most. */
export interface PairingRequest extends DeviceClient {
  requestId: string;
  deviceId: string;
  publicKey: string;
  /** The role it asked for last. */
  role?: string | undefined;
  roles?: string[] | undefined;
  scopes?: string[] | undefined;
  silent?: boolean | undefined;
  /** True when the device is paired already and asks for more, or again. */
  isRepair?: boolean | undefined;
  ts: number;
}

const text = z.string().min(1);
const client = {
  displayName: text.optional(),
  platform: text.optional(),
  deviceFamily: text.optional(),
  clientId: text.optional(),
  clientMode: text.optional(),
  browserOrigin: text.optional(),
  remoteIp: text.optional(),
};

export const PairedDevice = shape<PairedDevice>()(
  z.object({
    deviceId: text,
    publicKey: text,
    ...client,
    operatorLabel: text.optional(),
    role: text.optional(),
    roles: z.array(text),
    scopes: z.array(text),
    approvedVia: z.enum(['silent', 'owner']),
    createdAtMs: timestampMs,
    approvedAtMs: timestampMs,
    lastSeenAtMs: timestampMs.optional(),
    lastSeenReason: text.optional(),
    connected: z.boolean(),
    tokens: z.array(
      z.object({
        role: text,
        scopes: z.array(text),
        createdAtMs: timestampMs,
        rotatedAtMs: timestampMs.optional(),
        lastUsedAtMs: timestampMs.optional(),
        revokedAtMs: timestampMs.optional(),
      }),
    ),
  }),
);

export const PairingRequest = shape<PairingRequest>()(
  z.object({
    requestId: text,
    deviceId: text,
    publicKey: text,
    ...client,
    role: text.optional(),
    roles: z.array(text).optional(),
    scopes: z.array(text).optional(),
    silent: z.boolean().optional(),
    isRepair: z.boolean().optional(),
    ts: timestampMs,
  }),
);

// `openclaw devices` is the command line of all of these: it also works while the gateway is down.
const cli = { hidden: true };
const requestId = z.string().min(1).max(128);
const deviceId = z.string().min(1).max(128);
const role = z.string().min(1).max(64);

export const device = router({
  /** Lists devices that wait and devices that are paired; a device without `operator.admin` sees itself only. */
  'pair.list': query({
    summary: 'List paired devices, and those that wait for approval.',
    scope: 'operator.pairing',
    input: z.strictObject({}).prefault({}),
    output: z.object({ pending: z.array(PairingRequest), paired: z.array(PairedDevice) }),
    cli,
  }),
  /** Lets a waiting device in. Nobody can approve more than they hold; a node needs `operator.admin`. */
  'pair.approve': mutation({
    summary: 'Approve a device that waits.',
    scope: 'operator.pairing',
    input: z.strictObject({ requestId }),
    output: z.object({ requestId: z.string(), device: PairedDevice }),
    cli,
  }),
  'pair.reject': mutation({
    summary: 'Turn a device away that waits.',
    scope: 'operator.pairing',
    input: z.strictObject({ requestId }),
    output: z.object({ requestId: z.string(), deviceId: z.string() }),
    cli,
  }),
  /** Forgets a device: its tokens end, its sockets close with 4001. */
  'pair.remove': mutation({
    summary: 'Forget a paired device; its connections close.',
    scope: 'operator.pairing',
    input: z.strictObject({ deviceId }),
    output: z.object({ deviceId: z.string() }),
    cli,
  }),
  'pair.rename': mutation({
    summary: 'Name a paired device.',
    scope: 'operator.pairing',
    input: z.strictObject({ deviceId, label: z.string().trim().min(1).max(64) }),
    output: z.object({ deviceId: z.string(), label: z.string() }),
    cli,
  }),
  /**
   * Puts a new token in the place of a device's token of one role; its sockets of that role close with 4001. The token is
   * told only to the device itself, connected with the one that it replaces.
   */
  'token.rotate': mutation({
    summary: "Replace a device's token.",
    scope: 'operator.pairing',
    input: z.strictObject({
      deviceId,
      role,
      /** What the token carries from now on, within what the device was approved for. Default: as before. */
      scopes: z.array(text).max(256).optional(),
    }),
    output: z.object({
      deviceId: z.string(),
      role: z.string(),
      token: z.string().optional(),
      scopes: z.array(z.string()),
      rotatedAtMs: timestampMs,
      tokenDelivery: z.enum(['in-band', 'withheld-cross-device']).optional(),
    }),
    cli,
  }),
  /** Ends a device's token of one role; its sockets of that role close with 4001, and it has to be approved again. */
  'token.revoke': mutation({
    summary: "End a device's token.",
    scope: 'operator.pairing',
    input: z.strictObject({ deviceId, role }),
    output: z.object({ deviceId: z.string(), role: z.string(), revokedAtMs: timestampMs }),
    cli,
  }),
});
