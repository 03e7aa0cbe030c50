import type { ServerResponse } from 'node:http';

export interface EventStreamOptions {
  /** Milliseconds between the comments that keep idle proxies open. */
  keepAliveMs: number;
  /** Bytes that may wait for a caller who does not read; one more ends the connection. */
  maxBufferedBytes: number;
  /** Milliseconds that the last bytes may take to be read. */
  lingerMs: number;
}

/** A `text/event-stream` answer (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  /** Sends text, together with all that the same turn of the event loop brings. */
  write(text: string): void;
  /** Sends the last text; later calls do nothing. */
  end(text: string): void;
}

export const defaultEventStreamOptions: EventStreamOptions = {
  keepAliveMs: 15_000,
  maxBufferedBytes: 8 * 1024 * 1024,
  lingerMs: 60_000,
};

/** Sends the head of the answer; the response belongs to the stream from here on. */
export function openEventStream(res: ServerResponse, options: EventStreamOptions): EventStream {
  let pending = '';
  let ended = false;
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });

  const flush = (): void => {
    if (ended || pending === '') return;
    res.write(pending);
    pending = '';
    if (res.writableLength > options.maxBufferedBytes) res.destroy();
  };
  const write = (text: string): void => {
    if (ended) return;
    // One write per turn of the event loop: a burst of deltas costs one packet, not one each.
    if (pending === '') setImmediate(flush);
    pending += text;
  };
  const keepAlive = setInterval(() => write(': keep-alive\n\n'), options.keepAliveMs).unref();
  res.once('close', () => {
    ended = true;
    clearInterval(keepAlive);
  });

  return {
    write,
    end: (text) => {
      if (ended) return;
      ended = true;
      clearInterval(keepAlive);
      res.end(pending + text);
      if (res.writableFinished) return;
      const linger = setTimeout(() => res.destroy(), options.lingerMs).unref();
      res.once('close', () => clearTimeout(linger));
    },
  };
}
