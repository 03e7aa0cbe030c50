import type { Shell } from './shell.ts';

/** Milliseconds after which somebody who waits wants to know for what. */
const patienceMs = 500;

/** Waits for work; when that takes longer than half a second, a line on stderr says what is waited for. */
export async function withProgress<T>({ note }: Pick<Shell, 'note'>, what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => note(`${what} ...`), patienceMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
