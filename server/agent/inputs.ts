import type { ContentPart } from '../../sdk/protocol/message.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { commandKind } from './prompt.ts';
import type { HeldInput, RunStore } from './run-store.ts';
import type { RunInput } from './runs.ts';

/** What a message that waits is kept as. */
export function toHeldInput({ content, toolResults }: RunInput): HeldInput {
  return { content: content.map((part): ContentPart => part), ...(toolResults?.length && { toolResults }) };
}

/** Marks a message that models read in short, or not at all. */
export type InputKind = 'summarized' | typeof commandKind;

/** What runs are given, on its way into the transcript. Contract: called inside `database.write`. */
export interface Inputs {
  /** Adds it to the transcript. */
  record(run: { runId: string; sessionKey: string } & HeldInput, kind?: InputKind): void;
  /** Adds what has waited to the transcript, unless it is there. */
  admit(input: RunInput, kind?: InputKind): void;
}

export function createInputs({ store, sessions }: { store: RunStore; sessions: SessionStore }): Inputs {
  const record: Inputs['record'] = ({ runId, sessionKey, content, toolResults = [] }, kind) => {
    for (const { toolCallId, toolName, output, isError } of toolResults) {
      const parts = [{ type: 'text' as const, text: output }];
      sessions.append(sessionKey, { role: 'toolResult', content: parts, toolCallId, toolName, isError, runId });
    }
    if (content.length === 0) return;
    const idempotencyKey = `${runId}:user`;
    sessions.append(sessionKey, { role: 'user', content, idempotencyKey, runId, ...(kind && { kind }) });
  };

  return {
    record,
    admit(input, kind) {
      const { runId, sessionKey } = input;
      if (!store.isHeld(runId)) return;
      record({ runId, sessionKey, ...toHeldInput(input) }, kind);
      store.release(runId);
      sessions.announce(sessionKey, { reason: 'agent.input.settled', runId });
    },
  };
}
