import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { RunEnd, RunInput, RunStep, Runs } from '../../agent/runs.ts';
import { type HttpFailure, refuse } from '../failure.ts';
import type { Visit } from '../route.ts';
import { toRunFailure } from './model-failure.ts';

/** A call of one of the caller's own tools. */
export type ToolCall = Omit<Extract<RunStep, { type: 'clientToolCall' }>, 'type'>;

/** One step of a reply, in order; `done` or `failed` is the last, exactly once. */
export type ReplyStep =
  | { type: 'alive' }
  | { type: 'text'; delta: string }
  | { type: 'toolCall'; call: ToolCall }
  | { type: 'done'; end: RunEnd }
  | { type: 'failed'; failure: HttpFailure; end: RunEnd };

/** A reply that is complete. */
export interface Reply {
  text: string;
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
  const tell = requireToolCall(input, listener);
  // A model that answers at once may have begun before there was a run to watch.
  const missed = run.text;
  if (missed) tell({ type: 'text', delta: missed });
  const stop = run.watch((step) => {
    try {
      if (step.type === 'text') tell(step);
      else if (step.type === 'reasoning') tell({ type: 'alive' });
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

/** Waits for a whole reply. @throws GatewayError with the status that says why there is none. */
export function collectReply(runs: Pick<Runs, 'start'>, request: { visit: Visit; input: RunInput }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let text = '';
    const toolCalls: ToolCall[] = [];
    followReply(runs, request, (step) => {
      if (step.type === 'text') text += step.delta;
      else if (step.type === 'toolCall') toolCalls.push(step.call);
      else if (step.type === 'done') resolve({ text, toolCalls, end: step.end });
      else if (step.type === 'failed') {
        const { status, message, ...more } = step.failure;
        reject(refuse(status, message, more));
      }
    }).catch(reject);
  });
}

function toLastStep(end: RunEnd): ReplyStep {
  const failure = toRunFailure(end);
  return failure ? { type: 'failed', failure, end } : { type: 'done', end };
}

/**
 * Where the caller demands a tool call, everything waits until that call has come: a model that only talks has failed, and
 * then nothing of its talk may have been sent.
 */
function requireToolCall({ request }: RunInput, listener: (step: ReplyStep) => void): (step: ReplyStep) => void {
  const choice = request?.toolChoice;
  if (choice !== 'required' && typeof choice !== 'object') return listener;
  const held: ReplyStep[] = [];
  let honoured = false;
  return (step) => {
    if (honoured || step.type === 'alive' || step.type === 'failed') return listener(step);
    honoured =
      step.type === 'toolCall'
        ? choice === 'required' || step.call.name === choice.name
        : // A reply that was cut may have been on its way to the call; its finish reason says so.
          step.type === 'done' && step.end.finish !== 'stop' && step.end.finish !== 'toolCalls';
    if (!honoured && step.type === 'done')
      return listener({ type: 'failed', failure: unhonoured(choice), end: step.end });
    held.push(step);
    if (honoured) for (const each of held.splice(0)) listener(each);
  };
}

function unhonoured(choice: 'required' | { name: string }): HttpFailure {
  const wanted = choice === 'required' ? 'one of the tools' : `the tool "${choice.name}"`;
  const message = `the model did not call ${wanted}, which tool_choice demands`;
  return { status: 502, type: 'api_error', code: 'tool_choice_not_honoured', message, param: 'tool_choice' };
}
