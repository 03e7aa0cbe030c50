import type { RunEvent } from '../protocol/agent.ts';
import type { GatewayError } from '../protocol/errors.ts';
import type { RunResult } from './run-result.ts';
import { joinSteps, type RunStep } from './run-step.ts';
import { createTranslator } from './translate.ts';

/** Who wants to hear of a run. */
export interface FeedListener {
  step?(step: RunStep): void;
  /** The run has ended. Nothing comes after it. */
  ended(result: RunResult): void;
  /** Listening has failed; the run may go on. Nothing comes after it. */
  failed(error: GatewayError): void;
}

/** Steps that are kept for loops that begin late. */
const maxSteps = 10_000;
/** Of these, the newest stay as they came; in older ones text is joined, since each step has all of it. */
const maxApart = 64;

/** The steps of one run in order, each once. Knows no connection. */
export class RunFeed {
  readonly runId: string;
  #seq: number;
  #translator = createTranslator();
  #steps: RunStep[] = [];
  #listeners = new Set<FeedListener>();
  #outcome: { result: RunResult } | { error: GatewayError } | undefined;

  /** @param after number of the last event that the caller has already. */
  constructor(runId: string, after: number) {
    this.runId = runId;
    this.#seq = after;
  }

  /** Number of the newest event. */
  get seq(): number {
    return this.#seq;
  }

  /** The newest message so far. */
  get text(): string {
    return this.#translator.text;
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Takes an event, unless it or a later one was taken before. @returns whether it was taken. */
  apply(event: RunEvent, toolsFollow: boolean): boolean {
    if (event.seq <= this.#seq || this.#outcome) return false;
    this.#seq = event.seq;
    const step = this.#translator.translate(event, toolsFollow);
    if (step) this.#tell(step);
    return true;
  }

  /** Says that events were lost. @param complete true when they follow. */
  resume(complete: boolean): void {
    const { runId, seq } = this;
    this.#tell({ type: 'status', status: 'resumed', runId, seq, ts: Date.now(), complete });
  }

  /** The last step. */
  end(result: RunResult): void {
    if (this.#outcome) return;
    this.#tell({ type: 'end', seq: this.#seq, ts: result.endedAt ?? Date.now(), ...result });
    this.#outcome = { result };
    for (const listener of this.#listeners) listener.ended(result);
    this.#listeners.clear();
  }

  fail(error: GatewayError): void {
    if (this.#outcome) return;
    this.#outcome = { error };
    for (const listener of this.#listeners) listener.failed(error);
    this.#listeners.clear();
  }

  /** Tells what came already, then what comes. @returns how to stop. */
  watch(listener: FeedListener): () => void {
    for (const step of this.#steps) listener.step?.(step);
    if (!this.#outcome) this.#listeners.add(listener);
    else if ('result' in this.#outcome) listener.ended(this.#outcome.result);
    else listener.failed(this.#outcome.error);
    return () => void this.#listeners.delete(listener);
  }

  #tell(step: RunStep): void {
    const aged = this.#steps.push(step) - maxApart;
    const [before, after] = [this.#steps[aged - 1], this.#steps[aged]];
    const joined = before && after && joinSteps(before, after);
    if (joined) this.#steps.splice(aged - 1, 2, joined);
    if (this.#steps.length > maxSteps) this.#steps.shift();
    for (const listener of this.#listeners) listener.step?.(step);
  }
}
