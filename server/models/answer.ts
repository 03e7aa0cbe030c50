import type { Readable } from 'node:stream';
import { type Callee, toAnswerFailure, toCutFailure, toMalformedFailure, toNetworkFailure } from './failure.ts';
import type { ModelEvent, ModelRequest } from './provider.ts';
import { type Answer, readText, type Upstream } from './upstream.ts';

/** Turns the text of an answer into events. A `finish` or `failure` is the last one it gives. */
export interface Reader {
  /** Takes the next piece of the body, cut anywhere; answers the events that it completes. */
  push(piece: string): ModelEvent[];
  /** The body ended; answers what was held back, or nothing when the answer is not complete. */
  end(): ModelEvent[];
}

/** Sign of life: tells the timeouts that the provider is working on something that is not an event yet. They do not pass it on. */
export const pulse: ModelEvent = { type: 'text', delta: '' };

/** Most characters of one answer that are taken. */
const maxAnswerChars = 64 * 1024 * 1024;

/**
 * Posts a request and reads the answer's events with a reader chosen by what was answered.
 * Contract: as ModelProvider.stream; leaving the loop early cuts the connection.
 */
export async function* streamAnswer(
  upstream: Upstream,
  request: {
    path: string;
    model: string;
    body: unknown;
    wire?: ModelRequest['wire'];
    readerFor: (answer: Answer, callee: Callee) => Reader;
  },
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const callee = upstream.callee(request.model);
  try {
    const answer = await upstream.post(request.path, request.body, signal, request.wire);
    if (answer.status < 200 || answer.status > 299) {
      const body = await readText(answer.body, 64 * 1024);
      yield { type: 'failure', failure: toAnswerFailure(callee, { ...answer, body }) };
      return;
    }
    // Whoever has sent the head is at work, however long the first word takes.
    yield pulse;
    yield* readEvents(answer.body, request.readerFor(answer, callee), callee);
  } catch (error) {
    // The one road on which exceptions of the network become events; after an abort nobody wants to hear them.
    if (!signal.aborted) yield { type: 'failure', failure: toNetworkFailure(callee, error) };
  }
}

async function* readEvents(body: Readable, reader: Reader, callee: Callee): AsyncGenerator<ModelEvent> {
  let taken = 0;
  let complete = false;
  body.setEncoding('utf8');
  try {
    for await (const piece of body.iterator({ destroyOnReturn: false })) {
      const events = joinTexts(reader.push(piece as string));
      if (events.length === 0) yield pulse;
      for (const event of events) {
        complete ||= event.type === 'finish';
        yield event;
        if (isLast(event)) return;
      }
      taken += (piece as string).length;
      if (taken > maxAnswerChars) {
        yield { type: 'failure', failure: toMalformedFailure(callee, `more than ${maxAnswerChars} characters`, '') };
        return;
      }
    }
    const rest = reader.end();
    yield* rest;
    const last = rest.at(-1);
    if (!last || !isLast(last)) yield { type: 'failure', failure: toCutFailure(callee) };
  } finally {
    if (complete) release(body);
    else body.destroy();
  }
}

/** Texts that arrived together go through the gateway as one event, which costs as much as each of them would. */
function joinTexts(events: ModelEvent[]): ModelEvent[] {
  const joined: ModelEvent[] = [];
  let pieces: string[] = [];
  const close = () => {
    const [first] = pieces;
    if (first !== undefined) joined.push(pieces.length === 1 ? text(first) : { ...text(pieces.join('')), pieces });
    pieces = [];
  };
  for (const event of events) {
    if (event.type === 'text') pieces.push(event.delta);
    else {
      close();
      joined.push(event);
    }
  }
  close();
  return joined;
}

const text = (delta: string) => ({ type: 'text' as const, delta });

function isLast(event: ModelEvent): boolean {
  return event.type === 'finish' || event.type === 'failure';
}

/** Lets the few bytes behind the end of an answer arrive, so that the connection can be used again; cuts it when they do not. */
function release(body: Readable): void {
  if (body.readableEnded || body.destroyed) return;
  const timer = setTimeout(() => body.destroy(), 1000).unref();
  body.once('close', () => clearTimeout(timer));
  body.resume();
}
