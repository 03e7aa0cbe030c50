import type { ServerResponse } from 'node:http';

export interface EventStreamOptions {
  /** Milliseconds between the comments that keep idle proxies open. */
  keepAliveMs: number;
  /** Bytes that may wait for a caller who does not read; one more ends the connection. */
  maxBufferedBytes: number;
  /** Milliseconds that the last bytes may take to be read. */
  lingerMs: number;
  /** Milliseconds between two writes: text that comes faster leaves together. The first of a burst never waits. */
  paceMs: number;
}

/** A `text/event-stream` answer (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  /** Sends text, together with what comes right behind it. */
  write(text: string): void;
  /** Sends the last text; later calls do nothing. */
  end(text: string): void;
}

export const defaultEventStreamOptions: EventStreamOptions = {
  keepAliveMs: 15_000,
  maxBufferedBytes: 8 * 1024 * 1024,
  lingerMs: 60_000,
  paceMs: 10,
};

/** Sends the head of the answer; the response belongs to the stream from here on. */
export function openEventStream(res: ServerResponse, options: EventStreamOptions): EventStream {
  let pending = '';
  let ended = false;
  let lastWrite = Number.NEGATIVE_INFINITY;
  let pace: NodeJS.Timeout | undefined;
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });

  const flush = (): void => {
    pace = undefined;
    if (ended || pending === '') return;
    lastWrite = performance.now();
    res.write(pending);
    pending = '';
    if (res.writableLength > options.maxBufferedBytes) res.destroy();
  };
  const schedule = (): void => {
    const waitMs = lastWrite + options.paceMs - performance.now();
    if (waitMs > 0) pace = setTimeout(flush, waitMs);
    else setImmediate(flush);
  };
  const write = (text: string): void => {
    if (ended) return;
    // A packet for each delta would cost more than all else that a stream does.
    if (pending === '') schedule();
    pending += text;
  };
  const keepAlive = setInterval(() => write(': keep-alive\n\n'), options.keepAliveMs).unref();
  res.once('close', () => {
    ended = true;
    clearInterval(keepAlive);
    clearTimeout(pace);
  });

  return {
    write,
    end: (text) => {
      if (ended) return;
      ended = true;
      clearInterval(keepAlive);
      clearTimeout(pace);
      res.end(pending + text);
      if (res.writableFinished) return;
      const linger = setTimeout(() => res.destroy(), options.lingerMs).unref();
      res.once('close', () => clearTimeout(linger));
    },
  };
}
