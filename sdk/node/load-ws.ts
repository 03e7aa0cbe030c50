import { GatewayError } from '../protocol/errors.ts';

/** The package `ws`, which applications bring when they need it. @param purpose for people. @throws GatewayError INVALID_REQUEST */
export async function loadWs(purpose: string): Promise<typeof import('ws').WebSocket> {
  try {
    return (await import('ws')).WebSocket;
  } catch (cause) {
    throw new GatewayError('INVALID_REQUEST', `the package ws is needed ${purpose}: run \`npm i ws\``, { cause });
  }
}
