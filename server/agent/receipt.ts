import type { ModelRef, TerminalReceipt } from '../../sdk/protocol/agent.ts';
import { toItemId } from './run-events.ts';

/** Tool names that a receipt has room for. */
const maxTools = 64;

/** Notes which models one run asks and which tools answer. */
export interface ReceiptNotes {
  noteModel(model: ModelRef): void;
  noteTool(name: string): void;
  toReceipt(end: {
    text: string;
    messages: number;
    provider?: string | undefined;
    model?: string | undefined;
  }): TerminalReceipt;
}

export function createReceiptNotes({ runId, sessionId }: { runId: string; sessionId: string }): ReceiptNotes {
  let requested: ModelRef | undefined;
  let effective: ModelRef | undefined;
  const tools = new Set<string>();
  return {
    noteModel(model) {
      requested ??= model;
      effective = model;
    },
    noteTool(name) {
      if (tools.size < maxTools) tools.add(name);
    },
    toReceipt: ({ text, messages, provider = '', model = '' }) =>
      buildReceipt({
        runId,
        sessionId,
        text,
        messages,
        tools: [...tools],
        requested,
        effective: effective ?? { provider, model },
      }),
  };
}

/** The receipt of a run that a dead gateway left behind: what is known of it is in its row. */
export function toLostReceipt(run: {
  runId: string;
  sessionId: string;
  text: string;
  model: ModelRef;
}): TerminalReceipt {
  return buildReceipt({ ...run, messages: 1, tools: [], requested: undefined, effective: run.model });
}

function buildReceipt(run: {
  runId: string;
  sessionId: string;
  text: string;
  messages: number;
  tools: string[];
  requested: ModelRef | undefined;
  effective: ModelRef;
}): TerminalReceipt {
  const { runId, sessionId, text, messages, tools, effective, requested = effective } = run;
  return {
    runId,
    sessionId,
    turnId: toItemId(runId, Math.max(messages, 1)),
    requested,
    effective: { ...effective, responseModel: effective.model },
    successfulToolNames: tools,
    rerouted: requested.provider !== effective.provider || requested.model !== effective.model,
    terminalDisposition: text ? 'visible' : 'not-visible',
  };
}
