import { describe, expect, it } from 'vitest';
import { toCost } from '../../server/usage/price.ts';

const usage = { input: 1_000_000, output: 500_000, cacheRead: 2_000_000, cacheWrite: 100_000, total: 3_600_000 };

describe('the price of a call', () => {
  it('has a rate for each kind of token', () => {
    expect(toCost(usage, { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 })).toEqual({
      input: 3,
      output: 7.5,
      cacheRead: 0.6,
      cacheWrite: 0.375,
      total: 11.475,
    });
  });

  it('takes the rate of input for cached tokens that have none of their own', () => {
    expect(toCost(usage, { input: 1, output: 0 })).toMatchObject({ cacheRead: 2, cacheWrite: 0.1 });
  });

  it('is not known without rates for both directions, nor with rates that are no numbers', () => {
    expect(toCost(usage, undefined)).toBeUndefined();
    expect(toCost(usage, {})).toBeUndefined();
    expect(toCost(usage, { input: 1 })).toBeUndefined();
    expect(toCost(usage, { input: 1, output: -1 })).toBeUndefined();
    expect(toCost(usage, { input: Number.NaN, output: 1 })).toBeUndefined();
  });

  it('is nothing for a model that is free', () => {
    expect(toCost(usage, { input: 0, output: 0 })?.total).toBe(0);
  });

  it.each([
    [100, 1],
    [999, 1],
    [1000, 10],
    [1499, 10],
    [1500, 10], // between two tiers the one below counts
    [5000, 100],
  ])('counts the rates of one tier for the whole prompt, of %i tokens here', (input, rate) => {
    const tier = (range: (number | null)[], rates: number) => ({ input: rates, output: 0, range });
    const price = {
      input: 7,
      output: 7,
      tieredPricing: [tier([2000], 100), tier([0, 1000], 1), tier([1000, 1500], 10)],
    };
    expect(toCost({ input, output: 0, total: input }, price)?.total).toBeCloseTo((input * rate) / 1_000_000, 12);
  });

  it('picks the tier by what was cached, too', () => {
    const price = {
      tieredPricing: [
        { input: 1, output: 1, range: [0, 1000] },
        { input: 2, output: 2, range: [1000] },
      ],
    };
    expect(toCost({ input: 10, cacheRead: 990, output: 0, total: 1000 }, price)?.input).toBe(20 / 1_000_000);
  });
});
