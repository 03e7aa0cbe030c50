import { chmod, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { destination } from 'pino';
import { makeFolder } from './make-folder.ts';

export interface AppenderOptions {
  /** The file to write to at this moment; when it changes, the next line begins the new file. */
  target: () => string;
  /** Bytes already in the file. */
  size: number;
  /** A file that would grow beyond this is moved to `.1`, `.1` to `.2`, and so on to `.5`; what was `.5` is deleted. */
  maxFileBytes: () => number;
  /** Told what went wrong, once for each fault. Contract: must not throw. */
  report: (fault: string) => void;
  /** Told once why another file could not be begun; may write that, which goes into the old one. Contract: must not throw. */
  refused: (fault: string) => void;
  /** Called when another file is begun. */
  onTurn?: (() => void) | undefined;
}

/** Appends lines to a file without waiting for it. A line is handed to the operating system at once, so it outlives the process. */
export interface Appender {
  /** Never throws; when the disk cannot follow, lines are dropped and counted. */
  write(line: string): void;
  file(): string;
  /** Resolves when every line is with the operating system, or cannot be. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Older files that are kept besides the current one. */
const keptFiles = 5;

/** Bytes that may wait for the disk. */
const maxWaitingBytes = 16 * 1024 * 1024;

export function createAppender(options: AppenderOptions): Appender {
  const { target, size: initialSize, maxFileBytes, report, onTurn } = options;
  let file = target();
  let size = initialSize;
  let waitingBytes = 0;
  let dropped = 0;
  let turning: Promise<void> | undefined;
  /** Lines that came while another file was begun. */
  const held: string[] = [];
  let heldBytes = 0;
  /** The file that could not be begun. */
  let unusable: string | undefined;
  let isFaulty = false;
  let isClosed = false;
  const idle = new Set<() => void>();
  const stream = destination({ dest: file, mode: 0o600, sync: false, maxLength: maxWaitingBytes });

  const streamOnWrite = (bytes: number) => {
    isFaulty = false;
    waitingBytes -= bytes;
    if (waitingBytes > 0) return;
    settle();
    if (dropped > 0) report(`${dropped} log lines were lost: ${file} could not take them fast enough`);
    dropped = 0;
  };
  const streamOnError = (error: Error) => {
    if (!isFaulty) report(`cannot write the log ${file}: ${error.message}`);
    isFaulty = true;
    settle();
  };
  const settle = () => {
    for (const done of idle) done();
    idle.clear();
  };
  stream.on('write', streamOnWrite).on('error', streamOnError);
  stream.on('drop', (line: string) => {
    waitingBytes -= Buffer.byteLength(line);
    dropped++;
  });

  const turnTo = async (next: string) => {
    await makeFolder(dirname(next));
    if (next === file) await shift(file);
    else onTurn?.();
    size = await sizeOf(next);
    await reopen(stream, next);
    file = next;
  };

  const turn = async (next: string) => {
    try {
      await turnTo(next);
      unusable = undefined;
    } catch (error) {
      // The lines go on into the old file; it is tried again when that has grown by as much again.
      const isNews = next !== file && next !== unusable;
      unusable = next;
      size = 0;
      const tell = isNews ? options.refused : report;
      tell(`cannot begin the log ${next}: ${error instanceof Error ? error.message : error}`);
    }
    turning = undefined;
    heldBytes = 0;
    // One of them may begin the next turn, which holds the rest again.
    for (const line of held.splice(0)) write(line);
  };

  const write = (line: string) => {
    if (isClosed) return;
    const bytes = Buffer.byteLength(line);
    if (!turning) {
      const next = target();
      const isDue = next !== file && next !== unusable;
      if (isDue || (size > 0 && size + bytes > maxFileBytes())) turning = turn(next);
    }
    if (turning) hold(line, bytes);
    else {
      size += bytes;
      waitingBytes += bytes;
      stream.write(line);
    }
  };

  const hold = (line: string, bytes: number) => {
    heldBytes += bytes;
    if (heldBytes <= maxWaitingBytes) held.push(line);
    else dropped++;
  };

  const flush = async () => {
    while (turning) await turning;
    // On a full disk nothing is under way: the next line tries again.
    if (waitingBytes > 0 && !isFaulty) await new Promise<void>((done) => idle.add(done));
  };

  return {
    write,
    flush,
    file: () => file,
    async close() {
      if (isClosed) return;
      await flush();
      isClosed = true;
      const closed = new Promise<void>((done) => stream.once('close', done).once('error', () => stream.destroy()));
      stream.end();
      await closed;
    },
  };
}

async function shift(file: string): Promise<void> {
  await rm(`${file}.${keptFiles}`, { force: true });
  for (let number = keptFiles - 1; number >= 0; number--) {
    await rename(number === 0 ? file : `${file}.${number}`, `${file}.${number + 1}`).catch(ignoreMissing);
  }
}

/** The first rotations have fewer files to move than the later ones. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Of a file that goes on; what others could read of it, they can no longer. */
async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    async (status) => {
      const isShared = process.platform !== 'win32' && status.isFile() && (status.mode & 0o077) !== 0;
      // One that belongs to somebody else stays as it is.
      if (isShared) await chmod(file, 0o600).catch(() => undefined);
      return status.size;
    },
    (error: NodeJS.ErrnoException) => {
      ignoreMissing(error);
      return 0;
    },
  );
}

function reopen(stream: ReturnType<typeof destination>, file: string): Promise<void> {
  return new Promise((done, fail) => {
    const onReady = () => {
      stream.off('error', onError);
      done();
    };
    const onError = (error: Error) => {
      stream.off('ready', onReady);
      fail(error);
    };
    stream.once('ready', onReady).once('error', onError);
    stream.reopen(file);
  });
}
