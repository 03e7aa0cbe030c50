import type { RunInput } from '../../agent/runs.ts';
import type { HttpFailure } from '../failure.ts';
import type { ReplyStep } from './reply.ts';

type Listener = (step: ReplyStep) => void;

/** Holds a reply to `tool_choice`: a model that does not do as it was told has failed. */
export function holdToChoice({ request }: RunInput, listener: Listener): Listener {
  const choice = request?.toolChoice;
  if (choice === 'none') return forbidToolCall(listener);
  return choice === 'required' || typeof choice === 'object' ? requireToolCall(choice, listener) : listener;
}

// --- internal ---

/** Everything waits until the call has come: nothing of the talk of a model that only talks may have been sent. */
function requireToolCall(choice: 'required' | { name: string }, listener: Listener): Listener {
  const wanted = choice === 'required' ? 'one of the tools' : `the tool "${choice.name}"`;
  const held: ReplyStep[] = [];
  let honoured = false;
  return (step) => {
    if (honoured || step.type === 'failed') return listener(step);
    honoured =
      step.type === 'toolCall'
        ? choice === 'required' || step.call.name === choice.name
        : // A reply that was cut may have been on its way to the call; its finish reason says so.
          step.type === 'done' && step.end.finish !== 'stop' && step.end.finish !== 'toolCalls';
    if (!honoured && step.type === 'done')
      return listener({ type: 'failed', failure: unhonoured(`did not call ${wanted}`), end: step.end });
    held.push(step);
    if (honoured) for (const each of held.splice(0)) listener(each);
  };
}

/** The caller would not know what to do with a call that it has ruled out. */
function forbidToolCall(listener: Listener): Listener {
  let called: string | undefined;
  return (step) => {
    if (step.type === 'toolCall') called ??= step.call.name;
    else if (step.type !== 'done' || called === undefined) listener(step);
    else {
      const failure = unhonoured(`called the tool "${called}"`);
      listener({ type: 'failed', failure, end: step.end });
    }
  };
}

function unhonoured(what: string): HttpFailure {
  const message = `the model ${what}, against what tool_choice demands`;
  return { status: 502, type: 'api_error', code: 'tool_choice_not_honoured', message, param: 'tool_choice' };
}
