import type { FileLog } from '../../../server/log/file-log.ts';
import { exitCodes } from '../../misuse.ts';

export interface Watchdog {
  /** Gives an end its time, from now on. @returns how to call the watchdog off. */
  watch(what: string): () => void;
}

export interface WatchdogOptions {
  /** The log that is open now, if any. */
  log(): Pick<FileLog, 'lastWords'> | undefined;
  /** Milliseconds. Default 27 000: runs have 15 s of them, and systemd kills 30 s after the signal. */
  withinMs?: number | undefined;
  /** Default ends the process. */
  exit?: ((code: number) => void) | undefined;
}

const defaultWithinMs = 27_000;

/** Ends the process when its gateway does not come to its end, so that whoever watches over it can start the next one. */
export function createWatchdog({ log, withinMs = defaultWithinMs, exit = process.exit }: WatchdogOptions): Watchdog {
  return {
    watch(what) {
      const bite = () => {
        const message = `the ${what} hangs and has taken ${withinMs / 1000} s: the process ends as it is`;
        log()?.lastWords(message);
        exit(exitCodes.failed);
      };
      // Keeps the process alive: one in which nothing is left to happen would end without a word.
      const timer = setTimeout(bite, withinMs);
      return () => clearTimeout(timer);
    },
  };
}
