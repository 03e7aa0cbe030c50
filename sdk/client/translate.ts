import type { RunEvent } from '../protocol/agent.ts';
import type { RunStep, RunStepOrigin, ToolStep } from './run-step.ts';

/** Turns the events of one run into steps. Remembers the text so far, and which tools were told. */
export interface Translator {
  /** @param toolsFollow true when `tool` events come too, which say more than the `item` events of the same call. */
  translate(event: RunEvent, toolsFollow: boolean): RunStep | undefined;
  /** The newest message so far. */
  readonly text: string;
}

/** Tool calls whose phases are remembered. */
const maxToolCalls = 1000;

export function createTranslator(): Translator {
  let message: { itemId: string | undefined; text: string } = { itemId: undefined, text: '' };
  const toldTools = new Set<string>();

  const toText = (origin: RunStepOrigin, data: RunEvent['data']): RunStep | undefined => {
    const itemId = text(data.itemId);
    const delta = text(data.delta) ?? '';
    const known = message.itemId === itemId ? message.text : undefined;
    // Gateways that send only deltas leave the adding up to us.
    const whole = text(data.text) ?? (known ?? '') + delta;
    // Without a beginning of ours (attached in the middle, or a new message) the delta is all that is new.
    const before = known ?? (whole.endsWith(delta) ? whole.slice(0, whole.length - delta.length) : '');
    message = { itemId, text: whole };
    if (whole === known) return undefined;
    const step = { type: 'text' as const, ...origin, text: whole, ...(itemId !== undefined && { itemId }) };
    // The difference to what was told is right also when the gateway has joined deltas meanwhile.
    if (whole.startsWith(before)) return { ...step, delta: whole.slice(before.length) };
    return { ...step, delta: whole, replace: true };
  };

  const toTool = (origin: RunStepOrigin, data: RunEvent['data'], phase: ToolStep['phase']): RunStep | undefined => {
    const { toolCallId, name, args, result, partialResult, isError } = data;
    const id = String(toolCallId ?? '');
    const told = `${phase} ${id}`;
    if (phase !== 'update' && toldTools.has(told)) return undefined;
    if (toldTools.size < maxToolCalls) toldTools.add(told);
    return {
      type: 'tool',
      ...origin,
      phase,
      toolCallId: id,
      name: String(name ?? ''),
      ...(args !== undefined && { args }),
      ...((result ?? partialResult) !== undefined && { result: result ?? partialResult }),
      ...(typeof isError === 'boolean' && { isError }),
    };
  };

  return {
    get text() {
      return message.text;
    },
    translate(event, toolsFollow) {
      const { runId, seq, ts, stream, data } = event;
      const origin = { runId, seq, ts };
      if (stream === 'assistant') return toText(origin, data);
      if (stream === 'thinking') return { type: 'reasoning', ...origin, delta: text(data.delta) ?? '' };
      if (stream === 'tool') return toTool(origin, data, toPhase(data.phase));
      if (stream === 'item' && data.kind === 'tool') {
        if (toolsFollow) return undefined;
        const failed = data.status !== undefined && data.status !== 'completed';
        const ended = data.phase === 'end';
        return toTool(origin, { ...data, ...(ended && { isError: failed }) }, toPhase(data.phase));
      }
      if (stream === 'lifecycle' || stream === 'run_status') return toStatus(origin, data);
      return { type: 'other', ...origin, event };
    },
  };
}

function toStatus(origin: RunStepOrigin, data: RunEvent['data']): RunStep | undefined {
  const phase = text(data.phase) ?? '';
  // The end is told once, with its result, by the run itself.
  if (phase === 'end' || phase === 'error') return undefined;
  // Some gateways tell at the end that no model is at work any more.
  if (phase === 'model' && data.model === null) return undefined;
  const status = statuses[phase] ?? phase;
  if (phase !== 'model') return { type: 'status', ...origin, status };
  return { type: 'status', ...origin, status, provider: text(data.provider), model: text(data.model) };
}

const statuses: Record<string, string> = { start: 'started', fallback_step: 'fallback' };

function toPhase(phase: unknown): ToolStep['phase'] {
  if (phase === 'start' || phase === 'update') return phase;
  return 'result';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
