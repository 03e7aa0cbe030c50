import { expect } from 'vitest';
import WebSocket from 'ws';
import { openSocket } from '../socket.ts';

export type Client = Awaited<ReturnType<typeof openSocket>>;

/** How the gateway closes a socket. */
export const closeOf = (client: Client) =>
  new Promise<{ code: number; reason: string }>((resolve) =>
    client.socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );

/** Whether somebody takes sockets at an address. */
export const isOpen = (url: string) =>
  new Promise<boolean>((resolve) => {
    const probe = new WebSocket(url);
    probe.once('open', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('open', () => probe.terminate());
  });

/** A socket at an address where a gateway is about to be. */
export async function openSoon(url: string): Promise<Client> {
  await expect.poll(() => isOpen(url), { timeout: 20_000 }).toBe(true);
  return openSocket(url);
}
