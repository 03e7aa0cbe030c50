import { afterEach, describe, expect, it, vi } from 'vitest';
import { createStability } from '../../server/health/stability.ts';
import { watchStrain } from '../../server/health/strain.ts';

describe('strain', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('of the heap is taken down once for each time that it comes', () => {
    vi.useFakeTimers();
    const stability = createStability();
    let usedBytes = 10;
    const strain = watchStrain(stability.record, () => ({ usedBytes, limitBytes: 100 }));
    const records = () =>
      stability.read({ limit: 50 }).events.map(({ type, bytes, limitBytes }) => [type, bytes, limitBytes]);
    vi.advanceTimersByTime(10_000);
    expect(records()).toEqual([]);
    usedBytes = 90;
    vi.advanceTimersByTime(10_000);
    expect(records()).toEqual([['memory.pressure', 90, 100]]);
    usedBytes = 50;
    vi.advanceTimersByTime(2000);
    usedBytes = 95;
    vi.advanceTimersByTime(10_000);
    expect(records()).toHaveLength(2);
    strain.close();
  });

  it('of the event loop is taken down with its length', async () => {
    const stability = createStability();
    const strain = watchStrain(stability.record);
    for (const until = performance.now() + 2700; performance.now() < until; );
    await expect.poll(() => stability.read({ limit: 1 }).events).toMatchObject([{ type: 'event_loop.stall' }]);
    expect(stability.read({ limit: 1 }).events[0]?.durationMs).toBeGreaterThanOrEqual(500);
    strain.close();
  });
});
