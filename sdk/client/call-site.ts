import type { GatewayError } from '../protocol/errors.ts';

/** Where a call was made, kept until it fails. */
export interface CallSite {
  stack?: string;
}

interface StackCapture {
  captureStackTrace?(target: object, above?: unknown): void;
}

/** Remembers the caller of the function `above`; the stack is only written out when it is read. */
export function callSite(above: unknown): CallSite {
  const site: CallSite = {};
  const { captureStackTrace } = Error as StackCapture;
  // Engines without it keep the SDK's own frames above the caller's.
  if (captureStackTrace) captureStackTrace(site, above);
  else site.stack = new Error().stack ?? '';
  return site;
}

/** Lets the failure of a promise begin at the line that called the function `above`. */
export function blameCaller<T>(above: unknown, promise: Promise<T>): Promise<T> {
  const site = callSite(above);
  return promise.catch((error: unknown) => {
    throw atCallSite(error, site);
  });
}

/** Makes an error's stack begin at the caller's line instead of in the socket's handler. */
export function atCallSite<E>(error: E, site: CallSite): E {
  const failure = error as E & GatewayError;
  if (!(error instanceof Error) || failure.name !== 'GatewayError' || !site.stack) return error;
  const frames = site.stack.slice(site.stack.search(/^ *at |^[^\n]*@/m));
  failure.stack = `${failure.name}: ${failure.message}\n${frames}`;
  return error;
}
