import type { RecordStability, StabilityRecord, StabilitySummary } from '../../sdk/protocol/diagnostics.ts';

/** Which records are asked for. */
export interface StabilityQuery {
  limit: number;
  type?: string | undefined;
  sinceSeq?: number | undefined;
}

/** The last thousand things that have strained the gateway. */
export interface Stability {
  record: RecordStability;
  /** The newest that pass, oldest first. */
  read(query: StabilityQuery): {
    generatedAt: string;
    capacity: number;
    count: number;
    dropped: number;
    firstSeq: number | undefined;
    lastSeq: number | undefined;
    events: StabilityRecord[];
    summary: StabilitySummary;
  };
}

const defaultCapacity = 1000;
/** The same again so soon after is counted instead, milliseconds. */
const sameMs = 1000;

export function createStability(capacity = defaultCapacity): Stability {
  /** A ring: the record with number `seq` is at `seq % capacity`. */
  const ring: StabilityRecord[] = [];
  let lastSeq = 0;

  const firstSeq = () => Math.max(1, lastSeq - capacity + 1);

  const select = ({ limit, type, sinceSeq = 0 }: StabilityQuery): StabilityRecord[] => {
    const found: StabilityRecord[] = [];
    for (let seq = lastSeq; seq >= Math.max(firstSeq(), sinceSeq + 1) && found.length < limit; seq--) {
      const record = ring[seq % capacity];
      if (record && (type === undefined || record.type === type)) found.push(record);
    }
    return found.reverse();
  };

  return {
    record(record) {
      const last = ring[lastSeq % capacity];
      if (last && isSame(last, record) && Date.now() - last.ts < sameMs) {
        // A flood of one kind must not wash away everything else.
        last.count = (last.count ?? 1) + (record.count ?? 1);
        return;
      }
      lastSeq++;
      ring[lastSeq % capacity] = { seq: lastSeq, ts: Date.now(), ...record };
    },
    read(query) {
      const events = select(query);
      return {
        generatedAt: new Date().toISOString(),
        capacity,
        count: Math.min(lastSeq, capacity),
        dropped: Math.max(0, lastSeq - capacity),
        firstSeq: lastSeq === 0 ? undefined : firstSeq(),
        lastSeq: lastSeq === 0 ? undefined : lastSeq,
        events,
        summary: sumUp(events),
      };
    },
  };
}

function isSame(one: StabilityRecord, other: Omit<StabilityRecord, 'seq' | 'ts'>): boolean {
  const { type, surface, action, reason, name, connection } = other;
  return (
    one.type === type &&
    one.surface === surface &&
    one.action === action &&
    one.reason === reason &&
    one.name === name &&
    one.connection === connection
  );
}

function sumUp(events: readonly StabilityRecord[]): StabilitySummary {
  const byType: Record<string, number> = {};
  const payloadLarge: StabilitySummary['payloadLarge'] = { count: 0, bySurface: {} };
  for (const { type, surface = 'unknown', count = 1 } of events) {
    byType[type] = (byType[type] ?? 0) + 1;
    if (type !== 'payload.large') continue;
    payloadLarge.count += count;
    payloadLarge.bySurface[surface] = (payloadLarge.bySurface[surface] ?? 0) + count;
  }
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const memory = { rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
  return { byType, memory, payloadLarge };
}
