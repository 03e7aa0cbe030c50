import type { FileHandle } from 'node:fs/promises';
import { createFold } from './fold.ts';
import { isWalFilled } from './wal.ts';

/**
 * Folds the WAL back into the file once it is large; in a thread, because that waits for the disk.
 *
 * The WAL begins anew only with a transaction that finds all of it in the file. Where transactions follow each other without
 * a pause, one is always open when the thread has come to an end; so the little that is left then is done right after a
 * commit, where none is open. A thread that held up writers for it would hold them up for as long as the disk takes, and
 * SQLite refuses a write that has waited too long.
 */
export interface Checkpoints {
  /** Called after every commit. */
  committed(): void;
  /** Resolves when there is room for more writes: at once, but for a disk that cannot keep up. */
  room(): Promise<void>;
  /** Resolves when nothing is under way. */
  close(): Promise<void>;
}

/** Bytes of the WAL from which a checkpoint is worth its thread. */
export const checkpointBytes = 16 * 1024 * 1024;
/** Bytes from which those who write wait for a checkpoint to end. */
const crowdedBytes = 8 * checkpointBytes;
/** A commit may be megabytes, so that few of them make a large WAL. */
const commitsBetweenLooks = 16;

/** @param finish folds what is left of the WAL, at once. */
export function createCheckpoints(path: string, wal: FileHandle, finish: () => void): Checkpoints {
  const fold = createFold(path);
  let commits = 0;
  let running: Promise<void> | undefined;
  let looking: Promise<void> | undefined;
  let isCrowded = false;
  let isNearlyDone = false;

  const look = async (): Promise<void> => {
    if (!(await isWalFilled(wal, checkpointBytes))) return;
    const isTooLong = await isWalFilled(wal, crowdedBytes);
    isCrowded = isTooLong;
    running ??= fold.run().then((isQuick) => {
      // On a slow disk the WAL may grow a while before everybody waits for it.
      isNearlyDone = isQuick || isCrowded;
      running = undefined;
      isCrowded = false;
    });
  };

  const finishQuietly = () => {
    isNearlyDone = false;
    try {
      finish();
    } catch {
      // The WAL stays as large as it is until the next time; a disk that is at its end is told of by the next write.
    }
  };

  return {
    committed() {
      if (isNearlyDone) finishQuietly();
      if (++commits % commitsBetweenLooks === 0) looking = look().catch(() => undefined);
    },
    async room() {
      if (isCrowded) await running;
    },
    async close() {
      await looking;
      await running;
      await fold.close();
    },
  };
}
