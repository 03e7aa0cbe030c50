import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { chaos } from './chaos.ts';

it('keeps what it has told through ten kills, stops and restarts at random moments', { timeout: 300_000 }, async () => {
  const seed = randomInt(2 ** 31);
  const { kills, accepted, faults } = await chaos({ kills: 10, seed });
  expect(faults, `npm run chaos -- --kills 10 --seed ${seed}`).toEqual([]);
  expect(kills).toBe(10);
  expect(accepted).toBeGreaterThan(10);
});
