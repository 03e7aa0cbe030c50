import type { RunEvent } from '../protocol/agent.ts';
import type { RunResult } from './run-result.ts';

/** What every step of a run says. */
export interface RunStepOrigin {
  runId: string;
  /** Of the run event that the step tells; give the last one to `runs.attach(id, { after })` to go on behind it. */
  seq: number;
  /** Milliseconds since the epoch, by the gateway's clock. */
  ts: number;
}

/** Text of the reply. */
export interface TextStep extends RunStepOrigin {
  type: 'text';
  /** What is new. */
  delta: string;
  /** The message so far. A run that calls tools writes several messages, each from its beginning. */
  text: string;
  /** Which message of the run. */
  itemId?: string | undefined;
  /** True when `text` replaces what this message said before instead of continuing it. */
  replace?: boolean | undefined;
}

/** What the model thinks, when its provider tells. */
export interface ReasoningStep extends RunStepOrigin {
  type: 'reasoning';
  delta: string;
}

/** A tool at work. Arguments and results come only to the connection that started the run, and out of the run's log. */
export interface ToolStep extends RunStepOrigin {
  type: 'tool';
  phase: 'start' | 'update' | 'result';
  toolCallId: string;
  name: string;
  /** On `start`. */
  args?: unknown;
  /** On `result`; on `update`, what there is so far. */
  result?: unknown;
  /** On `result`: true when the tool failed. */
  isError?: boolean | undefined;
}

/** Where the run stands. */
export interface StatusStep extends RunStepOrigin {
  type: 'status';
  /**
   * `started`; `model`: a model is called; `fallback`: the model failed before it said anything, the next one is tried;
   * `finishing`; `resumed`: events were lost, with the connection or on it. Gateways may tell more.
   */
  status: 'started' | 'model' | 'fallback' | 'finishing' | 'resumed' | (string & {});
  /** On `model`. */
  provider?: string | undefined;
  model?: string | undefined;
  /** On `resumed`: true when the lost steps follow; false when the gateway keeps no log to read them from. */
  complete?: boolean | undefined;
}

/** An event that has no step of its own, for example `usage` or `command_output`. */
export interface OtherStep extends RunStepOrigin {
  type: 'other';
  event: RunEvent;
}

/** The last step. */
export interface EndStep extends RunStepOrigin, RunResult {
  type: 'end';
}

/** One step of a run. */
export type RunStep = TextStep | ReasoningStep | ToolStep | StatusStep | OtherStep | EndStep;

/** Joins two steps that stand next to each other into one that says the same, or undefined. */
export function joinSteps(last: RunStep, next: RunStep): RunStep | undefined {
  if (last.type === 'reasoning' && next.type === 'reasoning') return { ...next, delta: last.delta + next.delta };
  if (last.type !== 'text' || next.type !== 'text' || last.itemId !== next.itemId) return undefined;
  if (next.replace) return next;
  return { ...next, delta: last.delta + next.delta, ...(last.replace && { replace: true }) };
}
