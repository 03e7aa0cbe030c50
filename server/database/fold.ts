import { Worker } from 'node:worker_threads';

/** Folds the write-ahead log back into the database, in a thread, because that waits for the disk. */
export interface Fold {
  /** Resolves when it is done, however it went: with true when what is left, if anything, is quickly done. */
  run(): Promise<boolean>;
  /** Resolves when the thread has ended. */
  close(): Promise<void>;
}

export function createFold(path: string): Fold {
  let worker: Worker | undefined;
  let over: PromiseWithResolvers<boolean> | undefined;
  let rest: NodeJS.Timeout | undefined;
  let ended: Promise<unknown> | undefined;

  const start = (): Worker => {
    const started = new Worker(thread, { eval: true, workerData: path });
    const gone = () => {
      if (worker !== started) return;
      worker = undefined;
      over?.resolve(false);
    };
    started.on('message', (isQuick: boolean) => over?.resolve(isQuick));
    // After one that failed the log stays as it is until the next.
    started.once('error', gone).once('exit', gone);
    return started;
  };

  const end = (): void => {
    if (!worker) return;
    const ending = worker;
    worker = undefined;
    // Who waits for the end has perhaps nothing else that keeps the process.
    ending.ref();
    ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.postMessage('end');
  };

  return {
    async run() {
      clearTimeout(rest);
      over = Promise.withResolvers<boolean>();
      worker ??= start();
      worker.ref();
      worker.postMessage('fold');
      const isQuick = await over.promise;
      worker?.unref();
      rest = setTimeout(end, restMs).unref();
      return isQuick;
    },
    async close() {
      clearTimeout(rest);
      end();
      await ended;
    },
  };
}

// --- internal ---

/** Milliseconds after which a thread without work ends: it takes memory, but a new one takes 30 ms of CPU. */
const restMs = 10_000;
/** Times that the log is followed while others write to it. */
const maxPasses = 20;
/** Milliseconds from which what a pass has done was much. */
const longMs = 20;

/**
 * Given to the thread as text: a file of its own would have to be found from sources and from the bundle. Each pass leaves less
 * to do than it did itself, while others write.
 */
const thread = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData } = require('node:worker_threads');
  const sqlite = new DatabaseSync(workerData);
  const passive = sqlite.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  const fold = () => {
    for (let passes = 1; ; passes++) {
      const started = performance.now();
      const { log, checkpointed } = passive.get();
      const isQuick = performance.now() - started < ${longMs};
      if (isQuick || log === checkpointed || passes === ${maxPasses}) return isQuick;
    }
  };
  parentPort.on('message', (word) => {
    if (word === 'end') {
      sqlite.close();
      parentPort.close();
      return;
    }
    parentPort.postMessage(fold());
  });
`;
