import type { Writable } from 'node:stream';
import { type Entry, toPlainLine, toTerminalLine } from './line.ts';

/** What a log needs of a console. */
export type Console = Pick<Writable, 'write' | 'on' | 'off' | 'writableLength'> & { isTTY?: boolean | undefined };

/** Bytes that may wait for the console's reader; lines beyond are left out there. */
const maxConsoleBytes = 1024 * 1024;

/** Shows lines to whoever looks at the gateway. @param json the line as the file has it; undefined for one that is for people. */
export interface Screen {
  write(entry: Entry, json?: string): void;
  close(): void;
}

export function createScreen(stdout: Console): Screen {
  const toText = stdout.isTTY && !process.env.NO_COLOR ? toTerminalLine : toPlainLine;
  let isGone = false;
  // The reader of a pipe may leave before the gateway does.
  const consoleOnError = () => {
    isGone = true;
  };
  stdout.on('error', consoleOnError);
  return {
    write(entry, json) {
      if (!isGone && stdout.writableLength < maxConsoleBytes) stdout.write(json ?? toText(entry));
    },
    close: () => stdout.off('error', consoleOnError),
  };
}
