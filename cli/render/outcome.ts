import type { RunOutcome } from '../../sdk/protocol/agent.ts';
import { oneLine, printable } from './text.ts';
import type { Look } from './value.ts';

/** `agent.wait`: the reply, or why there is none. Contract: as the views. */
export function renderOutcome(payload: unknown, look: Look): string | undefined {
  const { runId, status, error, endedAt, terminalReply, answeredBy } = (payload ?? {}) as Partial<RunOutcome>;
  if (!runId || !status) return undefined;
  if (status === 'timeout' && endedAt === undefined)
    return `Run ${oneLine(runId)} has not ended yet, or there is none: see openclaw runs events ${oneLine(runId)}\n`;
  const by = answeredBy === undefined ? [] : [look.paint('dim', `answered with run ${oneLine(answeredBy)}`)];
  const reply = terminalReply?.disposition === 'visible' ? [printable(terminalReply.text).trimEnd()] : [];
  const failure = status === 'ok' ? [] : [look.paint('red', oneLine(error ?? `the run ended with status ${status}`))];
  return `${[...by, ...reply, ...failure].join('\n') || 'The run has ended without a text.'}\n`;
}
