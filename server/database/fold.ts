import { Worker } from 'node:worker_threads';

/** Folds the write-ahead log back into the database, in a thread, because that waits for the disk. */
export interface Fold {
  /** Resolves when it is done, however it went; the log begins anew with the next write then, as a rule. */
  run(): Promise<void>;
  /** Resolves when the thread has ended. */
  close(): Promise<void>;
}

export function createFold(path: string): Fold {
  let worker: Worker | undefined;
  let over: PromiseWithResolvers<void> | undefined;
  let rest: NodeJS.Timeout | undefined;

  const start = (): Worker => {
    const started = new Worker(thread, { eval: true, workerData: path });
    const gone = () => {
      if (worker !== started) return;
      worker = undefined;
      over?.resolve();
    };
    started.on('message', () => over?.resolve());
    // After one that failed the log stays as it is until the next.
    started.once('error', gone).once('exit', gone);
    return started;
  };

  const end = async (): Promise<void> => {
    if (!worker) return;
    const ended = new Promise((resolve) => worker?.once('exit', resolve));
    worker.postMessage('end');
    worker = undefined;
    await ended;
  };

  return {
    async run() {
      clearTimeout(rest);
      over = Promise.withResolvers<void>();
      worker ??= start();
      worker.ref();
      worker.postMessage('fold');
      await over.promise;
      worker?.unref();
      rest = setTimeout(end, restMs).unref();
    },
    async close() {
      clearTimeout(rest);
      await end();
    },
  };
}

// --- internal ---

/** Milliseconds after which a thread without work ends: it takes memory, but a new one takes 30 ms of CPU. */
const restMs = 10_000;
/** Times that the log is followed while others write to it. */
const maxPasses = 20;
/** Milliseconds that the last pass may have taken for the next to hold up the next write. */
const quickMs = 20;

/**
 * Given to the thread as text: a file of its own would have to be found from sources and from the bundle.
 *
 * The log begins anew only with a write that finds all of it in the database. Each pass leaves less to do, but where
 * transactions follow each other without a pause, one is always open when a pass ends. So the last of it is done while no
 * write may begin: it is little by then, and where the disk is slow, it is done only when nothing else has helped.
 */
const thread = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData } = require('node:worker_threads');
  const sqlite = new DatabaseSync(workerData);
  sqlite.exec('PRAGMA busy_timeout=100');
  const passive = sqlite.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  const last = sqlite.prepare('PRAGMA wal_checkpoint(RESTART)');
  const fold = () => {
    let passes = 0;
    for (;;) {
      const started = performance.now();
      const { log, checkpointed } = passive.get();
      const isQuick = performance.now() - started < ${quickMs};
      if (++passes < ${maxPasses} && log !== checkpointed) continue;
      if (isQuick || passes === ${maxPasses}) last.get();
      return;
    }
  };
  parentPort.on('message', (word) => {
    if (word === 'end') {
      sqlite.close();
      parentPort.close();
      return;
    }
    fold();
    parentPort.postMessage('done');
  });
`;
