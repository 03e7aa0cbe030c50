import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

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
/** Times that a checkpoint tries to come to an end between two commits, before it holds up the next. */
const maxPasses = 20;

export function createCheckpoints(path: string, wal: FileHandle): Checkpoints {
  let commits = 0;
  let running: Promise<void> | undefined;
  let looking: Promise<void> | undefined;
  let isCrowded = false;

  const look = async (): Promise<void> => {
    const { size } = await wal.stat();
    if (size < checkpointBytes) return;
    running ??= fold(path).finally(() => {
      running = undefined;
      isCrowded = false;
    });
    isCrowded = size >= crowdedBytes;
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
    },
  };
}

// --- internal ---

/** Resolves when the thread has ended, however it went. */
async function fold(path: string): Promise<void> {
  const worker = new Worker(thread, { eval: true, workerData: path });
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()).once('error', () => resolve()));
}

/**
 * Given to the thread as text: a file of its own would have to be found from sources and from the bundle.
 *
 * The WAL begins anew only when a checkpoint has reached its end, which one that gives way to writers may never do while they
 * go on. Each pass leaves less to do; what is left after the last of them is little enough to hold up a commit for.
 */
const thread = `
  const { DatabaseSync } = require('node:sqlite');
  const sqlite = new DatabaseSync(require('node:worker_threads').workerData);
  const passive = sqlite.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  const isThrough = () => {
    const { log, checkpointed } = passive.get();
    return log === checkpointed;
  };
  let passes = 1;
  while (passes < ${maxPasses} && !isThrough()) passes++;
  if (passes === ${maxPasses}) sqlite.exec('PRAGMA busy_timeout=100; PRAGMA wal_checkpoint(RESTART)');
  sqlite.close();
`;
