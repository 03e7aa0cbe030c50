import type { Shell } from './shell.ts';

/** Milliseconds after which somebody who waits wants to know for what. */
const patienceMs = 500;

export interface ProgressOptions {
  /** Whether a person reads stderr. Default: it is a terminal. A script has no use for the line. */
  watched?: boolean | undefined;
}

/** Waits for work; when that takes longer than half a second, a line on stderr says what is waited for. */
export async function withProgress<T>(
  { note }: Pick<Shell, 'note'>,
  { what, work }: { what: string; work: Promise<T> },
  { watched = process.stderr.isTTY }: ProgressOptions = {},
): Promise<T> {
  const timer = watched ? setTimeout(() => note(`${what} ...`), patienceMs) : undefined;
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
