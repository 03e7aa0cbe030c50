import { z } from 'zod';
import { count, nothing } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

const word = z.string().trim().min(1).max(200).optional();
const words = z.array(z.string().trim().min(1).max(200)).max(64).optional();

/**
 * Tells the gateway something that happened outside of it; `status` lists the newest. With any of the other fields it also says
 * who is present, and everybody gets a `presence` event: in the row of the connection with that device or instance, else in
 * a row of its own that fades after 5 minutes.
 */
export const systemEvent = mutation({
  summary: 'Tell the gateway what happened outside of it, or who is present.',
  scope: 'operator.admin',
  input: z.looseObject({
    text: z.string().trim().min(1).max(4000),
    deviceId: word,
    instanceId: word,
    host: word,
    ip: word,
    mode: word,
    version: word,
    platform: word,
    deviceFamily: word,
    modelIdentifier: word,
    /** Seconds since the person last touched the device. */
    lastInputSeconds: count.optional(),
    reason: word,
    roles: words,
    scopes: words,
    tags: words,
  }),
  output: z.object({ ok: z.literal(true) }),
  cli: { positionals: ['text'] },
});

/** The machine that the gateway runs on. */
export interface Machine {
  /** The host name without its domain. */
  machineName: string;
  hostname: string;
  /** As Node names it: `linux`, `darwin`, `win32`. */
  platform: string;
  /** Of the kernel. */
  release: string;
  arch: string;
  /** For people, for example `Debian GNU/Linux 12`. */
  osLabel: string;
  /** The first IPv4 address that other machines can reach; absent when there is none. */
  lanAddress?: string | undefined;
  /** Of the gateway. */
  port?: number | undefined;
  nodeVersion: string;
  pid: number;
  /** Of this start of the gateway. */
  processInstanceId?: string | undefined;
  /** Of the gateway. */
  uptimeMs: number;
  cpuCount: number;
  cpuModel?: string | undefined;
  /** Over 1, 5 and 15 minutes; absent where the system does not tell. */
  loadAverage?: [number, number, number] | undefined;
  memoryTotalBytes: number;
  memoryFreeBytes: number;
  /** Of the volume that holds the state directory. */
  diskTotalBytes?: number | undefined;
  diskAvailableBytes?: number | undefined;
  diskPath?: string | undefined;
}

export const Machine = shape<Machine>()(
  z.object({
    machineName: z.string(),
    hostname: z.string(),
    platform: z.string(),
    release: z.string(),
    arch: z.string(),
    osLabel: z.string(),
    lanAddress: z.string().optional(),
    port: count.optional(),
    nodeVersion: z.string(),
    pid: count,
    processInstanceId: z.string().optional(),
    uptimeMs: count,
    cpuCount: count,
    cpuModel: z.string().optional(),
    loadAverage: z.tuple([z.number(), z.number(), z.number()]).optional(),
    memoryTotalBytes: count,
    memoryFreeBytes: count,
    diskTotalBytes: count.optional(),
    diskAvailableBytes: count.optional(),
    diskPath: z.string().optional(),
  }),
);

export const system = router({
  /** Describes the machine that the gateway runs on. */
  info: query({
    summary: 'Describe the machine that the gateway runs on.',
    scope: 'operator.read',
    input: nothing,
    output: Machine,
  }),
});
