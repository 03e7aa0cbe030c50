import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Held by one process; the operating system lets go of it when that dies, however it dies. */
export interface Held {
  close(): void;
}

/** SQLite's result code for a file that somebody else holds. */
const busy = 5;

/**
 * Takes a lock: an SQLite transaction on a file of its own that never ends.
 * @returns undefined when another process holds it.
 * @throws GatewayError UNAVAILABLE when the file cannot be used.
 */
export function holdFile(path: string): Held | undefined {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    sqlite.exec('BEGIN EXCLUSIVE');
    return sqlite;
  } catch (error) {
    sqlite?.close();
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode === busy) return undefined;
    throw cannotLock(path, message, error);
  }
}

/** The error of a lock whose file cannot be used. */
export function cannotLock(path: string, reason: string, cause: unknown): GatewayError {
  return new GatewayError(
    'UNAVAILABLE',
    `cannot lock ${path} (${reason}), by which gateways keep out of each other's way: move away what is in its place`,
    { details: { path }, cause },
  );
}
