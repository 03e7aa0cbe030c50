import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Holds a folder for one process; the operating system lets go of it when that dies, however it dies. */
export interface FolderLock {
  close(): void;
}

/** SQLite's result code for a file that somebody else holds. */
const busy = 5;

/**
 * Takes the lock of a folder: an SQLite transaction on `<folder>/gateway.lock` that never ends.
 * @returns undefined when another gateway holds it.
 * @throws GatewayError UNAVAILABLE when the file cannot be used.
 */
export function lockFolder(folder: string): FolderLock | undefined {
  const path = join(folder, 'gateway.lock');
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    sqlite.exec('BEGIN EXCLUSIVE');
    return sqlite;
  } catch (error) {
    sqlite?.close();
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode === busy) return undefined;
    throw new GatewayError(
      'UNAVAILABLE',
      `cannot lock ${path} (${message}), by which gateways keep out of each other's way: move away what is in its place`,
      { details: { path }, cause: error },
    );
  }
}

/** Milliseconds between two looks at a lock that another gateway holds. */
const lookMs = 50;

/**
 * As `lockFolder`, and waits up to `withinMs` for another gateway to let go: one that could not start, and is closing what it
 * had opened, should not keep this one from it.
 */
export async function lockFolderSoon(folder: string, withinMs: number): Promise<FolderLock | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const lock = lockFolder(folder);
    if (lock || performance.now() > deadline) return lock;
    await sleep(lookMs);
  }
}
