import { isGatewayError } from '../../sdk/protocol/errors.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';

/** Ends of runs on their way to the disk. One that it refuses is told all the same, and written as soon as it takes it. */
export interface Ends {
  /** Writes the end of a run; `row` is the run as it will be. Never rejects. */
  write(row: RunRow, work: () => void, options: { isDurable: boolean }): Promise<void>;
  /** The row of a run whose end is not written yet. */
  find(runId: string): RunRow | undefined;
  close(): void;
}

const firstRetryMs = 500;
const maxRetryMs = 30_000;
/** Ends that are kept; more than these are found by the next start, which marks their runs as interrupted. */
const maxUnwritten = 1000;

export function createEnds({ database, log }: { database: Database; log: Log }): Ends {
  const unwritten = new Map<string, { row: RunRow; work: () => void }>();
  let timer: NodeJS.Timeout | undefined;
  let delayMs = firstRetryMs;

  const retryLater = (): void => {
    timer ??= setTimeout(retry, delayMs).unref();
  };

  const retry = (): void => {
    timer = undefined;
    for (const [runId, { work }] of unwritten) {
      try {
        database.write(work);
        unwritten.delete(runId);
      } catch {
        // Said when it was refused first; what the disk does not take now it may take later.
        delayMs = Math.min(2 * delayMs, maxRetryMs);
        retryLater();
        return;
      }
    }
    delayMs = firstRetryMs;
  };

  return {
    async write(row, work, { isDurable }) {
      try {
        database.write(work);
        if (isDurable) await database.durable();
      } catch (error) {
        log.error(`run ${row.runId}: its end could not be written`, { error: String(error) });
        // A disk that has failed a flush takes nothing more; the next start finds what it has.
        if (isGatewayError(error) && error.details?.code === 'DATABASE_FLUSH_FAILED') return;
        const [oldest] = unwritten.size >= maxUnwritten ? unwritten.keys() : [];
        if (oldest !== undefined) unwritten.delete(oldest);
        unwritten.set(row.runId, { row, work });
        retryLater();
      }
    },
    find: (runId) => unwritten.get(runId)?.row,
    close: () => clearTimeout(timer),
  };
}
