import { z } from 'zod';
import { RunEvent, TerminalReceipt } from './agent.ts';
import { count, runId, timestampMs } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';
import { Usage } from './usage.ts';

/** One agent execution. */
export interface RunRow {
  runId: string;
  sessionKey: string;
  agentId: string;
  /** `interrupted`: the gateway went down while the run worked. */
  status: 'queued' | 'running' | 'ok' | 'error' | 'aborted' | 'timeout' | 'interrupted';
  acceptedAt: number;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  error?: string | undefined;
  stopReason?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  usage?: Usage | undefined;
  /** The reply, once the run has ended. */
  text?: string | undefined;
  /** The run whose reply answers this one's message, too. */
  answeredBy?: string | undefined;
  /** Which models were asked and which tools used, once the run has ended. */
  receipt?: TerminalReceipt | undefined;
}

export const RunRow = shape<RunRow>()(
  z.object({
    runId: z.string(),
    sessionKey: z.string(),
    agentId: z.string(),
    status: z.enum(['queued', 'running', 'ok', 'error', 'aborted', 'timeout', 'interrupted']),
    acceptedAt: timestampMs,
    startedAt: timestampMs.optional(),
    endedAt: timestampMs.optional(),
    error: z.string().optional(),
    stopReason: z.string().optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    usage: Usage.optional(),
    text: z.string().optional(),
    answeredBy: z.string().optional(),
    receipt: TerminalReceipt.optional(),
  }),
);

/** Additions to protocol v4, advertised as the capability `run-events`. */
export const runs = router({
  /** Reads a run's event log after a sequence number, so that any client can attach at any time. */
  events: query({
    summary: "Read a run's events after a sequence number.",
    scope: 'operator.read',
    input: z.strictObject({
      runId,
      /** Last `seq` the caller has; 0 for all. */
      after: count.default(0),
      limit: z.number().int().min(1).max(5000).default(1000),
    }),
    output: z.object({
      run: RunRow,
      events: z.array(RunEvent),
      /** True when more events wait behind the last one of this page. */
      hasMore: z.boolean(),
    }),
    cli: { positionals: ['runId'] },
  }),
});
