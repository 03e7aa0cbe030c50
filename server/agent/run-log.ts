import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { RunStore } from './run-store.ts';

/** The event log of one run: numbers events and writes them in groups. */
export interface RunLog {
  /** Number of the newest event. */
  readonly seq: number;
  /** Numbers an event and queues it for writing. What the disk refuses later is missing from the log, and noted. */
  add(stream: string, data: RunEvent['data']): RunEvent;
  /** Writes what is queued. @throws GatewayError as `Database.write`. */
  flush(): void;
}

/** Milliseconds an event may wait for others to be written with. */
const patienceMs = 100;
/** Events that may wait. */
const maxQueued = 256;
/** Events that are kept for a disk that refuses them. */
const maxKept = 4 * maxQueued;
/** More events than a run can have between the writing of one group and its commit, some 120 ms later. */
const maxLost = 10_000;

/** First number for events that are added after a crash: no client can have seen it. */
export const seqAfterCrash = (lastWritten: number) => lastWritten + maxLost + 1;

/** @param origin what every event of the run says; @param firstSeq number of the first event. */
export function createRunLog(
  { database, store, log }: { database: Database; store: RunStore; log: Log },
  origin: Pick<RunEvent, 'runId' | 'sessionKey' | 'agentId' | 'sessionId'>,
  firstSeq = 1,
): RunLog {
  let seq = firstSeq - 1;
  let queued: RunEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** The message that text belongs to, and where it begins. */
  let item: { id: unknown; firstSeq: number } = { id: undefined, firstSeq };
  let groupAnchor = firstSeq;
  let isFaulty = false;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (queued.length === 0) return;
    const group = queued;
    const anchor = groupAnchor;
    queued = [];
    try {
      database.write(() => store.appendEvents(origin.runId, group, anchor));
    } catch (error) {
      // They are written with the next group, unless the disk takes nothing for long.
      queued = group.length < maxKept ? group : [];
      throw error;
    }
  };

  /** Nobody called for it, so nobody could take what it throws. */
  const flushByItself = () => {
    try {
      flush();
    } catch (error) {
      if (!isFaulty) log.error(`run ${origin.runId}: events are missing from its log`, { error: String(error) });
      isFaulty = true;
    }
  };

  return {
    get seq() {
      return seq;
    },
    add(stream, data) {
      seq++;
      if (stream === 'assistant' && data.itemId !== item.id) item = { id: data.itemId, firstSeq: seq };
      if (queued.length === 0) groupAnchor = stream === 'assistant' ? item.firstSeq : seq;
      const { sessionId, ...rest } = origin;
      const event: RunEvent = {
        ...rest,
        seq,
        stream,
        ts: Date.now(),
        data,
        ...(stream === 'lifecycle' && { sessionId }),
      };
      queued.push(event);
      if (queued.length >= maxQueued && queued.length % maxQueued === 0) flushByItself();
      else timer ??= setTimeout(flushByItself, patienceMs).unref();
      return event;
    },
    flush,
  };
}
