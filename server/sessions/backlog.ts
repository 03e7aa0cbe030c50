import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import { type Transcript, takeWithin } from './transcript.ts';
import { createWordIndex } from './word-index.ts';

/** Indexes what was written before there was an index, by older gateways or in conversations that were not kept then. */
export interface Backlog {
  /** Works until nothing is left, a bounded step at a time. Called again when there may be more. */
  start(log: Log): void;
  /** True while something is left. */
  isLeft(): boolean;
  close(): void;
}

const rowsPerStep = 200;
const bytesPerStep = 512 * 1024;
/** Milliseconds between steps: others come first. */
const pauseMs = 5;
const pauseAfterFaultMs = 60_000;
/** Of a row larger than a step, characters that are read; about as many as are searchable. */
const beginningChars = 50_000;

interface Left {
  key: string;
  session_id: string;
  agent_id: string;
  backlog_seq: number;
}

export function createBacklog(database: Database, transcript: Transcript): Backlog {
  const index = createWordIndex(database);
  const next = database.prepare(
    `SELECT key, session_id, agent_id, backlog_seq FROM sessions INDEXED BY sessions_backlog
     WHERE backlog_seq > 0 AND transient = 0 LIMIT 1`,
  );
  const shorten = database.prepare('UPDATE sessions SET backlog_seq = ? WHERE key = ?');
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const step = (left: Left): void => {
    const { key, session_id, agent_id, backlog_seq } = left;
    const sizes = transcript.sizes(session_id, Math.max(1, backlog_seq - rowsPerStep + 1), backlog_seq);
    const taken = takeWithin(sizes, bytesPerStep, bytesPerStep);
    const from = taken.at(-1)?.seq ?? 1;
    const [first] = taken;
    const rows =
      taken.length === 1 && first && first.bytes > bytesPerStep
        ? [transcript.readBeginning(session_id, first.seq, beginningChars)].filter((row) => row !== undefined)
        : transcript.read(session_id, from, backlog_seq);
    database.write(() => {
      index.addOlder(
        rows.map(({ role, content, __openclaw: { id, seq } }) => ({ id, session_id, agent_id, seq, role, content })),
      );
      shorten.run(taken.length === 0 ? 0 : from - 1, key);
    });
  };

  const schedule = (delayMs: number, log: Log): void => {
    timer = setTimeout(() => work(log), delayMs).unref();
  };
  const work = (log: Log): void => {
    timer = undefined;
    try {
      const left = next.get() as unknown as Left | undefined;
      if (!left) return;
      step(left);
      schedule(pauseMs, log);
    } catch (error) {
      // A full disk, say: search goes on with what is there, and says that it is not all.
      log.error('old messages could not be indexed, and will be tried again', { error: String(error) });
      schedule(pauseAfterFaultMs, log);
    }
  };

  return {
    start(log) {
      if (!isClosed && !timer) schedule(pauseMs, log);
    },
    isLeft: () => next.get() !== undefined,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
