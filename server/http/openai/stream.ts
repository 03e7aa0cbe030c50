import type { RunEnd, RunInput, Runs } from '../../agent/runs.ts';
import type { HttpLimits } from '../deps.ts';
import { defaultEventStreamOptions, type EventStream, openEventStream } from '../event-stream.ts';
import { type HttpFailure, refuse, toHttpFailure } from '../failure.ts';
import type { Visit } from '../route.ts';
import { followReply, type ReplyStep, type ToolCall } from './reply.ts';

/** How one API spells a reply as server-sent events. Each answers the text to send; `done` or `failed` comes last. */
export interface ReplyWriter {
  /** What comes before anything is said. */
  head(): string;
  /** A model is asked; what it says belongs to a further message. */
  turn(): string;
  reasoning(delta: string): string;
  text(delta: string): string;
  toolCall(call: ToolCall): string;
  done(end: RunEnd): string;
  failed(failure: HttpFailure): string;
}

/** What clients of both APIs read last. */
export const endOfStream = 'data: [DONE]\n\n';

export interface StreamedReply {
  visit: Visit;
  input: RunInput;
  writer: ReplyWriter;
  limits: HttpLimits;
}

/**
 * Streams a reply. The head of the answer goes out with the first sign of life of the model, or after `headAfterMs`.
 * @throws GatewayError with the status of a failure that comes before the head; a later one is the last event.
 */
export function streamReply(runs: Pick<Runs, 'start'>, { visit, input, writer, limits }: StreamedReply): Promise<void> {
  const { res } = visit;
  const { keepAliveMs, maxBufferedBytes } = limits;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let stream: EventStream | undefined;

  const open = (): EventStream => {
    if (stream) return stream;
    clearTimeout(patience);
    stream = openEventStream(res, { ...defaultEventStreamOptions, keepAliveMs, maxBufferedBytes });
    stream.write(writer.head());
    return stream;
  };
  const fail = (failure: HttpFailure): void => {
    clearTimeout(patience);
    if (stream) stream.end(writer.failed(failure));
    else reject(refuse(failure.status, failure.message, failure));
    resolve();
  };
  const patience = setTimeout(open, limits.headAfterMs);
  res.once('close', () => clearTimeout(patience));

  followReply(runs, { visit, input }, (step) => {
    if (step.type === 'failed') fail(step.failure);
    else if (step.type === 'done') {
      open().end(writer.done(step.end));
      resolve();
    } else if (step.type === 'turn') stream?.write(writer.turn());
    else open().write(writeStep(writer, step));
  }).catch((error) => {
    clearTimeout(patience);
    stream?.end(writer.failed(toHttpFailure(error, visit.id)));
    reject(error);
  });
  return promise;
}

/** The text of one step; nothing for the last, which a stream and a whole answer write in ways of their own. */
export function writeStep(writer: ReplyWriter, step: ReplyStep): string {
  if (step.type === 'text') return writer.text(step.delta);
  if (step.type === 'reasoning') return writer.reasoning(step.delta);
  if (step.type === 'toolCall') return writer.toolCall(step.call);
  return step.type === 'turn' ? writer.turn() : '';
}
