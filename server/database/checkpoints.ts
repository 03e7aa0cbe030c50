import type { FileHandle } from 'node:fs/promises';
import { createFold } from './fold.ts';
import { isWalFilled } from './wal.ts';

/** Folds the WAL back into the file once it is large; in a thread, because that waits for the disk. */
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

export function createCheckpoints(path: string, wal: FileHandle): Checkpoints {
  const fold = createFold(path);
  let commits = 0;
  let running: Promise<void> | undefined;
  let looking: Promise<void> | undefined;
  let isCrowded = false;

  const look = async (): Promise<void> => {
    if (!(await isWalFilled(wal, checkpointBytes))) return;
    const isTooLong = await isWalFilled(wal, crowdedBytes);
    running ??= fold.run().finally(() => {
      running = undefined;
      isCrowded = false;
    });
    isCrowded = isTooLong;
  };

  return {
    committed() {
      // After one that failed the WAL stays as large as it is until the next.
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
