import type { RunOutcome } from '../../sdk/protocol/agent.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import { toLiveness, toTerminalReply } from './run-events.ts';

/** How `agent.wait` tells a run's end. */
export function toOutcome(runId: string, row: RunRow | undefined): RunOutcome {
  if (!row?.endedAt || row.status === 'queued' || row.status === 'running') return { runId, status: 'timeout' };
  const { startedAt, endedAt, stopReason, error, status, text, receipt, answeredBy } = row;
  return {
    runId,
    status: status === 'ok' ? 'ok' : 'error',
    ...(startedAt !== undefined && { startedAt }),
    endedAt,
    ...(status !== 'ok' && { error: status === 'aborted' ? 'aborted' : (error ?? status) }),
    ...(stopReason !== undefined && { stopReason }),
    livenessState: toLiveness(status),
    terminalReply: toTerminalReply(text),
    ...(receipt && { terminalReceipt: receipt }),
    ...(answeredBy && { answeredBy }),
  };
}
