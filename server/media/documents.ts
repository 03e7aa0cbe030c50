import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { createTurns } from './turns.ts';

/** What a document is read as, with its limits. */
export type DocumentTask =
  | { kind: 'html'; text: string; maxChars: number }
  | { kind: 'pdf'; bytes: Uint8Array; maxPages: number; maxChars: number };

/** What came out of it. */
export interface DocumentText {
  text: string;
  /** True when there is more than `maxChars`. */
  isCut: boolean;
  /** Of a PDF, and those that were read. */
  pages?: { total: number; read: number } | undefined;
}

/** How reading failed; `damaged` carries the library's words. */
export type DocumentFault = 'damaged' | 'encrypted' | 'too-slow' | 'too-large';

/** What was read of a document, or why nothing was. */
export type DocumentOutcome = ({ ok: true } & DocumentText) | { ok: false; fault: DocumentFault; message?: string };

/** Reads documents that take time, each in a thread of its own. */
export interface Documents {
  /**
   * Rejects with the reason of `signal`, or with a GatewayError UNAVAILABLE when too many wait.
   * Contract: what a document does to its thread is an outcome, not an error.
   */
  read(task: DocumentTask, signal: AbortSignal): Promise<DocumentOutcome>;
  close(): Promise<void>;
}

/** How much documents may take of this machine. */
export interface DocumentLimits {
  /** Threads at the same time. */
  maxThreads: number;
  /** Documents that wait for one. */
  maxWaiting: number;
  /** Milliseconds for one document, from when its thread starts. */
  timeoutMs: number;
  /** Of JavaScript objects. */
  maxHeapMb: number;
  /** Bytes of buffers, which the limit of the heap does not count. */
  maxBufferBytes: number;
}

export const documentLimits: DocumentLimits = {
  maxThreads: 2,
  maxWaiting: 32,
  timeoutMs: 10_000,
  maxHeapMb: 192,
  maxBufferBytes: 256 * 1024 * 1024,
};

export function createDocuments(limits: DocumentLimits = documentLimits): Documents {
  const turns = createTurns({ room: limits.maxThreads, maxWaiting: limits.maxWaiting });
  const working = new Set<Worker>();

  return {
    async read(task, signal) {
      const done = await turns.wait(signal);
      if (!done) throw new GatewayError('UNAVAILABLE', 'too many documents are being read; try again', busy);
      try {
        signal.throwIfAborted();
        return await readInThread(task, { limits, signal, working });
      } finally {
        done();
      }
    },
    async close() {
      await Promise.all([...working].map((worker) => worker.terminate()));
    },
  };
}

// --- internal ---

const busy = { retryable: true, retryAfterMs: 5000 };
/** Milliseconds between looks at what a thread has taken. */
const lookMs = 50;
/** The thread's own file stands beside this one, as a source and in the bundle. */
const thread = new URL(
  import.meta.url.endsWith('.ts') ? './document-thread.ts' : './document-thread.mjs',
  import.meta.url,
);

interface Reading {
  limits: DocumentLimits;
  signal: AbortSignal;
  working: Set<Worker>;
}

function readInThread(task: DocumentTask, { limits, signal, working }: Reading): Promise<DocumentOutcome> {
  const { maxHeapMb: maxOldGenerationSizeMb, maxBufferBytes, timeoutMs } = limits;
  const worker = new Worker(thread, {
    workerData: { task, maxBufferBytes },
    resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    // Nothing of the gateway's is any business of a stranger's document.
    env: {},
    execArgv: [],
    argv: [],
    stdout: true,
    stderr: true,
  });
  working.add(worker);
  const { promise, resolve, reject } = Promise.withResolvers<DocumentOutcome>();
  const fault = (kind: DocumentFault) => resolve({ ok: false, fault: kind });
  const onAbort = () => reject(signal.reason);
  const slow = setTimeout(() => fault('too-slow'), timeoutMs);
  const look = setInterval(() => {
    const isTooMuch = ({ external_memory }: { external_memory: number }) => external_memory > maxBufferBytes;
    worker.getHeapStatistics().then(
      (taken) => isTooMuch(taken) && fault('too-large'),
      () => undefined,
    );
  }, lookMs);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.once('message', resolve);
  worker.once('error', (error) =>
    fault(/OUT_OF_MEMORY/.test(String((error as { code?: unknown }).code)) ? 'too-large' : 'damaged'),
  );
  worker.once('exit', () => fault('damaged'));
  return promise.finally(() => {
    clearTimeout(slow);
    clearInterval(look);
    signal.removeEventListener('abort', onAbort);
    working.delete(worker);
    return worker.terminate();
  });
}
