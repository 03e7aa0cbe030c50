import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { RunEnd, RunInput, RunStep, Runs } from '../../agent/runs.ts';
import { type HttpFailure, refuse } from '../failure.ts';
import type { Visit } from '../route.ts';
import { holdToChoice } from './held-reply.ts';
import { toRunFailure } from './model-failure.ts';

/** A call of one of the caller's own tools. */
export type ToolCall = Omit<Extract<RunStep, { type: 'clientToolCall' }>, 'type'>;

/** One step of a reply, in order; `done` or `failed` is the last, exactly once. */
export type ReplyStep =
  /** A model is asked, for the first time or after its tools have run. */
  | { type: 'turn' }
  | { type: 'reasoning'; delta: string }
  | { type: 'text'; delta: string }
  | { type: 'toolCall'; call: ToolCall }
  | { type: 'done'; end: RunEnd }
  | { type: 'failed'; failure: HttpFailure; end: RunEnd };

/** A reply that is complete. */
export interface Reply {
  text: string;
  /** What the model told of its reasoning. */
  reasoning: string;
  toolCalls: ToolCall[];
  end: RunEnd;
}

/**
 * Starts a run that lives as long as its caller: who goes away aborts it.
 * Contract: `listener` must not throw; it is not called any more once the caller has gone.
 * @throws GatewayError as `Runs.start`.
 */
export async function followReply(
  runs: Pick<Runs, 'start'>,
  { visit: { res }, input }: { visit: Visit; input: RunInput },
  listener: (step: ReplyStep) => void,
): Promise<void> {
  const { run } = await runs.start(input);
  if (!run) throw new GatewayError('UNAVAILABLE', `run ${input.runId} ended before its reply could be read`);
  const tell = holdToChoice(input, (step) => {
    // Named with the first token, from which on there are no fallbacks; once the head is out it is too late.
    if (!res.headersSent && step.type !== 'turn') tellModel(res, 'end' in step ? step.end : run.model);
    listener(step);
  });
  // A model that answers at once may have begun before there was a run to watch.
  const missed = run.text;
  if (missed) tell({ type: 'text', delta: missed });
  const stop = run.watch((step) => {
    try {
      if (step.type === 'text' || step.type === 'reasoning') tell(step);
      else if (step.type === 'model') tell({ type: 'turn' });
      else if (step.type === 'clientToolCall') tell({ type: 'toolCall', call: step });
      else if (step.type === 'ended') tell(toLastStep(step.end));
    } catch (error) {
      // An answer that cannot be written must not be waited for; the run logs what is thrown.
      res.destroy();
      throw error;
    }
  });
  const leave = (): void => {
    stop();
    if (!res.writableFinished) run.abort('disconnect');
  };
  if (res.destroyed) leave();
  else res.once('close', leave);
}

/**
 * Waits for a whole reply. `listener` is told of every step before.
 * @throws GatewayError with the status that says why there is none.
 */
export function collectReply(
  runs: Pick<Runs, 'start'>,
  request: { visit: Visit; input: RunInput },
  listener?: (step: ReplyStep) => void,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let text = '';
    let reasoning = '';
    const breaks = createReasoningBreaks();
    const toolCalls: ToolCall[] = [];
    followReply(runs, request, (step) => {
      listener?.(step);
      if (step.type === 'text') text += step.delta;
      else if (step.type === 'reasoning') reasoning += breaks.before(step.delta);
      else if (step.type === 'turn') breaks.turn();
      else if (step.type === 'toolCall') toolCalls.push(step.call);
      else if (step.type === 'done') resolve({ text, reasoning, toolCalls, end: step.end });
      else {
        const { status, message, ...more } = step.failure;
        reject(refuse(status, message, more));
      }
    }).catch(reject);
  });
}

/** Puts a blank line between the reasoning of different turns. */
export function createReasoningBreaks() {
  let isBegun = false;
  let isNewTurn = false;
  return {
    turn() {
      isNewTurn = isBegun;
    },
    /** @returns the piece, with the blank line where one belongs. */
    before(delta: string): string {
      const piece = isNewTurn ? `\n\n${delta}` : delta;
      isBegun = true;
      isNewTurn = false;
      return piece;
    },
  };
}

// --- internal ---

function tellModel(res: ServerResponse, answering: Partial<Pick<RunEnd, 'provider' | 'model'>> = {}): void {
  const { provider, model } = answering;
  if (provider && model) res.setHeader('x-openclaw-model', encodeURI(`${provider}/${model}`));
}

function toLastStep(end: RunEnd): ReplyStep {
  const failure = toRunFailure(end);
  return failure ? { type: 'failed', failure, end } : { type: 'done', end };
}
