/** What the client needs of a WebSocket: the browser's own, Node's, or the class of the package `ws`. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Drops the socket without a closing handshake, where the class can. */
  terminate?(): void;
}

/** A class that opens a WebSocket to a url. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What the error event of a socket says, as deep as the runtime tells; undefined when it keeps the reason to itself. */
export function toSocketFailure(event: unknown): string | undefined {
  const { message, error } = (event ?? {}) as { message?: unknown; error?: unknown };
  let deepest: unknown = error;
  for (let depth = 0; depth < 4 && deepest instanceof Error && deepest.cause instanceof Error; depth++)
    deepest = deepest.cause;
  const reasons = deepest instanceof AggregateError ? deepest.errors : [deepest];
  const texts = reasons.map((reason) => (reason instanceof Error ? reason.message : '')).filter(Boolean);
  if (texts.length > 0) return texts.join('; ');
  return typeof message === 'string' && message !== '' ? message : undefined;
}
