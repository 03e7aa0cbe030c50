import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';

/** A line of the log file. */
export interface LogLine {
  subsystem: string;
  message: string;
  _meta: { logLevelName: string };
  [field: string]: unknown;
}

/** Everything that stands in a gateway's log. */
export async function readLog({ logFile }: { logFile: string }): Promise<LogLine[]> {
  const text = await readFile(logFile, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Waits for a line of level WARN or ERROR whose JSON holds all of these words. */
export async function expectLogged(gateway: { logFile: string }, ...words: string[]): Promise<void> {
  const isMeant = (line: LogLine) => {
    const text = JSON.stringify(line);
    return ['WARN', 'ERROR'].includes(line._meta.logLevelName) && words.every((word) => text.includes(word));
  };
  await expect.poll(async () => (await readLog(gateway)).some(isMeant), { message: words.join(' ') }).toBe(true);
}
