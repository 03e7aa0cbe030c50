import { z } from 'zod';
import { count, nothing, timestampMs } from './fields.ts';
import { controlPlane, mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

/** What a restart would interrupt right now. */
export interface RestartPreflight {
  /** True when nothing works or waits. */
  safe: boolean;
  counts: {
    /** Runs that wait for their session or for a free place. */
    queueSize: number;
    pendingReplies: number;
    /** Runs that are working. */
    embeddedRuns: number;
    cronRuns: number;
    backgroundExecSessions: number;
    rootRequests: number;
    activeTasks: number;
    totalActive: number;
  };
  blockers: { kind: string; count: number; message: string }[];
  /** One line for people. */
  summary: string;
}

export const RestartPreflight = shape<RestartPreflight>()(
  z.object({
    safe: z.boolean(),
    counts: z.object({
      queueSize: count,
      pendingReplies: count,
      embeddedRuns: count,
      cronRuns: count,
      backgroundExecSessions: count,
      rootRequests: count,
      activeTasks: count,
      totalActive: count,
    }),
    blockers: z.array(z.object({ kind: z.string(), count, message: z.string() })),
    summary: z.string(),
  }),
);

/** A restart that will happen. */
export interface ScheduledRestart {
  ok: true;
  /** Of the gateway that is asked; in mode `in-process` also of the next. */
  pid: number;
  /** The signal that does the same from outside. */
  signal: string;
  reason: string;
  /** `supervisor`: the process ends with 0, and what watches over it starts the next. */
  mode: 'in-process' | 'supervisor';
  /** From now until the gateway begins to stop, milliseconds. */
  delayMs: number;
  /** True when one had been asked for before: both are one. */
  coalesced: boolean;
  /** The part of the delay that is there because the last restart was a moment ago, milliseconds. */
  cooldownMsApplied: number;
  emitHooksQueued: boolean;
}

export const ScheduledRestart = shape<ScheduledRestart>()(
  z.object({
    ok: z.literal(true),
    pid: count,
    signal: z.string(),
    reason: z.string(),
    mode: z.enum(['in-process', 'supervisor']),
    delayMs: count,
    coalesced: z.boolean(),
    cooldownMsApplied: count,
    emitHooksQueued: z.boolean(),
  }),
);

/** How the last restart of this process went. */
export interface LastRestart {
  kind: 'restart';
  /** `error` when the configuration could not be used: the gateway runs on with the one from before. */
  status: 'ok' | 'error';
  /** When the gateway began to stop. */
  ts: number;
  reason: string;
  /** On `error`: what was wrong, for people. */
  message?: string | undefined;
}

export const LastRestart = shape<LastRestart>()(
  z.object({
    kind: z.literal('restart'),
    status: z.enum(['ok', 'error']),
    ts: timestampMs,
    reason: z.string(),
    message: z.string().optional(),
  }),
);

const reason = z.string().min(1).max(200);

export const gateway = router({
  /** Says by which key the gateway can be told from others: it is made once and stays in the state directory. */
  'identity.get': query({
    summary: 'Show the public key of the gateway.',
    scope: 'operator.read',
    input: nothing,
    output: z.object({
      /** SHA-256 of the raw public key, lower-case hex. */
      deviceId: z.string(),
      /** Ed25519, the raw 32 bytes in base64url. */
      publicKey: z.string(),
    }),
  }),
  /** Says what a restart would interrupt right now. It does not keep anything from beginning. */
  'restart.preflight': query({
    summary: 'Show what a restart would interrupt right now.',
    scope: 'operator.read',
    input: nothing,
    output: RestartPreflight,
  }),
  /**
   * Restarts the gateway in its process, or by its supervisor, with the configuration as it is then: runs get 15 s to end, clients the event
   * `shutdown` and a close with 1012. Requests within one another's delay are one; restarts are 30 s apart.
   * @throws UNAVAILABLE when nobody runs this gateway who could start it anew.
   */
  'restart.request': mutation({
    summary: 'Restart the gateway, with its configuration read anew.',
    scope: 'operator.admin',
    limit: controlPlane,
    input: z
      .looseObject({
        /** For the log and the clients. */
        reason: reason.optional(),
        /** Milliseconds until the gateway begins to stop. */
        delayMs: count.max(600_000).default(500),
      })
      .prefault({}),
    output: z.object({
      ok: z.literal(true),
      status: z.literal('scheduled'),
      preflight: RestartPreflight,
      restart: ScheduledRestart,
    }),
  }),
});
