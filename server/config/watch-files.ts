import type { ChokidarOptions, FSWatcher } from 'chokidar';
import { listHops } from './link-hops.ts';

// a change ─► settleMs without another one ─► onChange() ─► what is watched is looked up anew: links may lead elsewhere

export interface WatchOptions {
  /** Absolute paths of the files, as they are now; asked again after each change. None of them has to exist. */
  files(): readonly string[];
  /** Called when a burst of changes is over; the next call waits until it is through. Contract: does not reject. */
  onChange(): Promise<void>;
  /** Told what keeps it from seeing changes. */
  onFault(error: unknown): void;
  /** Told that the system has no watches left, and that the files are looked at every second instead. */
  onPolling(error: Error): void;
  /** Milliseconds without a change after which a burst is over. Default 300. */
  settleMs?: number | undefined;
  /** Default chokidar's. */
  watch?: ((paths: string[], options: ChokidarOptions) => FSWatcher) | undefined;
}

export interface FileWatch {
  /** Looks up what is watched anew. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const defaultSettleMs = 300;
/** Where the system has no watches left, files are looked at in this interval, milliseconds. */
const pollingIntervalMs = 1000;

/**
 * Watches files, whatever is done to them: written in place, renamed over, deleted and made again, reached by symbolic links
 * that turn to another folder. Resolves when it watches. Does not keep the process alive.
 */
export async function watchFiles(options: WatchOptions): Promise<FileWatch> {
  const { files, onChange, onFault, onPolling, settleMs = defaultSettleMs } = options;
  const watch = options.watch ?? (await import('chokidar')).watch;
  let wanted = new Set<string>();
  let watcher: FSWatcher;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let line: Promise<void> = Promise.resolve();
  const inLine = (work: () => Promise<void>) => {
    line = line.then(() => (isClosed ? undefined : work())).catch(onFault);
    return line;
  };

  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // What was written while links were looked up is seen because the watch comes first.
      void inLine(async () => {
        await lookUp();
        await onChange();
        await lookUp();
      });
    }, settleMs).unref();
  };

  const lookUp = async () => {
    const hops = new Set((await Promise.all(files().map(listHops))).flat());
    const gone = [...wanted].filter((path) => !hops.has(path));
    const come = [...hops].filter((path) => !wanted.has(path));
    wanted = hops;
    if (gone.length > 0) watcher.unwatch(gone);
    if (come.length > 0) watcher.add(come);
  };

  const open = (backend: 'native' | 'polling') => {
    const opened = watch([...wanted], {
      backend,
      pollingInterval: pollingIntervalMs,
      // Links are watched as such, and what they lead to besides: that tells of both.
      followSymlinks: false,
      ignored: (path) => !wanted.has(path),
      ignoreInitial: true,
      atomic: false,
      persistent: false,
    });
    opened.on('all', settle);
    opened.on('error', (error) => {
      if (opened !== watcher || isClosed) return;
      if (backend === 'polling' || !hasNoWatches(error)) return onFault(error);
      void opened.close();
      watcher = open('polling');
      onPolling(error);
      // What happened while nothing was watched is found by looking.
      settle();
    });
    return opened;
  };

  wanted = new Set((await Promise.all(files().map(listHops))).flat());
  watcher = open('native');
  const first = watcher;
  await new Promise<void>((done) => first.once('ready', done).once('error', () => done()));

  return {
    refresh: () => inLine(lookUp),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await watcher.close();
      await line;
    },
  };
}

// --- internal ---

const hasNoWatches = (error: unknown): error is NodeJS.ErrnoException =>
  ['ENOSPC', 'EMFILE'].includes(String((error as NodeJS.ErrnoException).code));
