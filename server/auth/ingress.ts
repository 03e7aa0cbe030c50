import type { Socket } from 'node:net';

/** Connections of the door that only Tailscale's own proxy on this machine is told of. */
const passedOn = new WeakSet<Socket>();

/** Notes that a connection came by that door: whom it names as its client is believed. */
export function markIngress(socket: Socket): void {
  passedOn.add(socket);
}

export function isIngress(socket: Socket): boolean {
  return passedOn.has(socket);
}
