import { z } from 'zod';
import { nothing, timestampMs } from './fields.ts';
import { query } from './method.ts';
import { shape } from './shape.ts';

/** One peer that is present: the gateway itself, a person's client, or a node. */
export interface PresenceEntry {
  host?: string | undefined;
  ip?: string | undefined;
  version?: string | undefined;
  platform?: string | undefined;
  deviceFamily?: string | undefined;
  modelIdentifier?: string | undefined;
  timeZone?: string | undefined;
  /** Client mode as it connected (`ui`, `webchat`, `node`, ...), or `gateway`. */
  mode?: string | undefined;
  /** Seconds since the person last touched the device. */
  lastInputSeconds?: number | undefined;
  /** Why the entry is here: `connect`, `self`, ... */
  reason?: string | undefined;
  tags?: string[] | undefined;
  /** One line for people. */
  text?: string | undefined;
  /** Last change, milliseconds since the epoch. */
  ts: number;
  /** Connected since, milliseconds since the epoch. */
  onlineSince?: number | undefined;
  /** Told by other gateways: the last time the person did something, milliseconds since the epoch. */
  lastActivityAt?: number | undefined;
  deviceId?: string | undefined;
  roles?: string[] | undefined;
  scopes?: string[] | undefined;
  /** Chosen by the client; stays the same over its reconnects. */
  instanceId?: string | undefined;
}

const text = z.string().min(1).optional();

export const PresenceEntry = shape<PresenceEntry>()(
  z.object({
    host: text,
    ip: text,
    version: text,
    platform: text,
    deviceFamily: text,
    modelIdentifier: text,
    timeZone: text,
    mode: text,
    lastInputSeconds: z.number().int().nonnegative().optional(),
    reason: text,
    tags: z.array(z.string()).optional(),
    text: z.string().optional(),
    ts: timestampMs,
    onlineSince: timestampMs.optional(),
    lastActivityAt: timestampMs.optional(),
    deviceId: text,
    roles: z.array(z.string()).optional(),
    scopes: z.array(z.string()).optional(),
    instanceId: text,
  }),
);

/** Lists who is present; one row is always the gateway itself (`mode: 'gateway'`, `reason: 'self'`). */
export const systemPresence = query({
  summary: 'List who is connected.',
  scope: 'operator.read',
  input: nothing,
  output: z.array(PresenceEntry),
});

/** What somebody says of itself by `system-event`. */
export type Beacon = Partial<Omit<PresenceEntry, 'ts' | 'onlineSince' | 'lastActivityAt'>>;
