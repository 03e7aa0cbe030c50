import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRestart, type Keeper } from '../../server/system/restart.ts';
import { createMemoryLog } from '../wire/house.ts';

const quiet = { counts: () => ({ active: 0, queued: 0 }) };

function open(last: Keeper['last'] = undefined, runs = quiet) {
  const reasons: string[] = [];
  const keeper: Keeper = { restart: (reason) => void reasons.push(reason), last };
  return { reasons, restart: createRestart({ keeper, runs, obeysSignal: () => true, log: createMemoryLog() }) };
}

describe('a restart', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.setSystemTime(1_000_000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('comes after its delay, once', () => {
    const { reasons, restart } = open();
    expect(restart.request({ reason: 'new model', delayMs: 2000 })).toEqual({
      ok: true,
      pid: process.pid,
      signal: 'SIGUSR2',
      reason: 'new model',
      mode: 'in-process',
      delayMs: 2000,
      coalesced: false,
      cooldownMsApplied: 0,
      emitHooksQueued: false,
    });
    vi.advanceTimersByTime(1999);
    expect(reasons).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(reasons).toEqual(['new model']);
  });

  it('that is asked for again is the same one, at the earlier time', () => {
    const { reasons, restart } = open();
    restart.request({ reason: 'first', delayMs: 5000 });
    expect(restart.request({ reason: 'later', delayMs: 9000 })).toMatchObject({
      coalesced: true,
      reason: 'first',
      delayMs: 5000,
    });
    expect(restart.request({ reason: 'sooner', delayMs: 1000 })).toMatchObject({
      coalesced: true,
      reason: 'first',
      delayMs: 1000,
    });
    vi.advanceTimersByTime(60_000);
    expect(reasons).toEqual(['first']);
  });

  it('does not come within 30 s of the last', () => {
    const { reasons, restart } = open({ kind: 'restart', status: 'ok', ts: Date.now() - 20_000, reason: 'before' });
    expect(restart.request({ delayMs: 500 })).toMatchObject({ delayMs: 10_000, cooldownMsApplied: 9500 });
    vi.advanceTimersByTime(9999);
    expect(reasons).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(reasons).toEqual(['requested']);
  });

  it('does not come after all when the gateway is closed before', () => {
    const { reasons, restart } = open();
    restart.request();
    restart.close();
    vi.advanceTimersByTime(60_000);
    expect(reasons).toEqual([]);
  });

  it('is refused where nobody could start the gateway anew', () => {
    const restart = createRestart({
      keeper: undefined,
      runs: quiet,
      obeysSignal: () => true,
      log: createMemoryLog(),
    });
    expect(() => restart.request()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect(restart.last()).toBeUndefined();
  });

  it('says beforehand what it would interrupt', () => {
    expect(open().restart.preflight()).toMatchObject({ safe: true, blockers: [], counts: { totalActive: 0 } });
    const busy = open(undefined, { counts: () => ({ active: 2, queued: 1 }) }).restart.preflight();
    expect(busy).toMatchObject({
      safe: false,
      counts: { embeddedRuns: 2, queueSize: 1, totalActive: 3 },
      blockers: [
        { kind: 'embedded-run', count: 2 },
        { kind: 'queue', count: 1 },
      ],
    });
    expect(busy.summary).toContain('2 run(s) are working');
  });
});
