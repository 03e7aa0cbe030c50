import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { RecordStability } from '../../sdk/protocol/diagnostics.ts';

/** How often to look, milliseconds; each look wakes up the idle process. */
const lookMs = 2000;
/** A look that comes this much too late was kept waiting by something that did not yield, milliseconds. */
const stallMs = 500;
/** Of the heap that V8 allows, from which on it is pressure. */
const heapShare = 0.85;

export interface Strain {
  close(): void;
}

/** Takes down when the event loop stalls, and when the heap comes near its end, once for each time that it does. */
export function watchStrain(record: RecordStability, heap: () => HeapUse = readHeap): Strain {
  let lookedAt = performance.now();
  let isUnderPressure = false;

  const look = () => {
    const now = performance.now();
    const lateMs = Math.round(now - lookedAt - lookMs);
    lookedAt = now;
    if (lateMs >= stallMs) record({ type: 'event_loop.stall', durationMs: lateMs });
    const { usedBytes, limitBytes } = heap();
    const isFull = usedBytes > limitBytes * heapShare;
    if (isFull && !isUnderPressure)
      record({ type: 'memory.pressure', reason: 'heap_threshold', bytes: usedBytes, limitBytes });
    isUnderPressure = isFull;
  };

  const timer = setInterval(look, lookMs).unref();
  return { close: () => clearInterval(timer) };
}

/** Bytes. */
export interface HeapUse {
  usedBytes: number;
  limitBytes: number;
}

function readHeap(): HeapUse {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return { usedBytes: used_heap_size, limitBytes: heap_size_limit };
}
