import { describe, expect, it } from 'vitest';
import { backoffMs, toExpectedUntil, whileExpected } from '../../sdk/client/backoff.ts';

describe('the wait before another attempt to connect', () => {
  const longest = (attempt: number, options = {}) =>
    Math.max(...Array.from({ length: 200 }, () => backoffMs(attempt, options)));

  it('doubles up to a limit', () => {
    expect(longest(1)).toBeLessThanOrEqual(100);
    expect(longest(4)).toBeGreaterThan(400);
    expect(longest(40)).toBeGreaterThan(5000);
    expect(longest(40)).toBeLessThanOrEqual(10_000);
  });

  it('stays short while a gateway is expected that said it would be back', () => {
    const until = toExpectedUntil({ reason: 'gateway restarting', restartExpectedMs: 1500 });
    expect(longest(8, whileExpected({}, until))).toBeLessThanOrEqual(200);
    expect(longest(8, whileExpected({ maxDelayMs: 50 }, until))).toBeLessThanOrEqual(50);
    expect(longest(8, whileExpected({}, Date.now() - 1))).toBeGreaterThan(2000);
  });

  it('is not short for one that stops for good', () => {
    for (const payload of [{ reason: 'gateway stopping' }, undefined, null, { restartExpectedMs: 'soon' }])
      expect(toExpectedUntil(payload)).toBe(0);
  });
});
