import { readFile } from 'node:fs/promises';

/**
 * True when another user of this machine listens on a port of 127.0.0.1: what is meant for the tunnel would be theirs to read.
 * Which port a client is to forward stands in the list of processes, for everybody to see, until it is let in and listens there.
 * False as well where the system does not tell: it does on Linux.
 */
export async function isForeignListener(port: number): Promise<boolean> {
  const own = process.getuid?.();
  if (own === undefined || process.platform !== 'linux') return false;
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  return listenersIn(table, port).some((uid) => uid !== own);
}

/** Who listens on a port of 127.0.0.1 or of all addresses, by a table as `/proc/net/tcp` is, proc_net(5). */
export function listenersIn(table: string, port: number): number[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
    const [address = '', hex = ''] = local.split(':');
    return state === listening && addresses.has(address) && Number.parseInt(hex, 16) === port ? [Number(uid)] : [];
  });
}

// --- internal ---

const listening = '0A';

/** 127.0.0.1 in either order of bytes, and 0.0.0.0. */
const addresses = new Set(['0100007F', '7F000001', '00000000']);
