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
  // Behind the last line end may stand half a line.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Milliseconds for a line to get into the file. */
const patienceMs = 15_000;

/** Waits for a line of level WARN or ERROR whose JSON holds all of these words. */
export async function expectLogged(gateway: { logFile: string }, ...words: string[]): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lines = await readLog(gateway);
    const warnings = lines.filter(({ _meta }) => ['WARN', 'ERROR'].includes(_meta.logLevelName));
    const texts = warnings.map((line) => JSON.stringify(line));
    if (texts.some((text) => words.every((word) => text.includes(word)))) return;
    if (performance.now() > deadline) expect.fail(`not in the log: ${words.join(' + ')}; there is ${texts.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
