import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { chaos } from './chaos.ts';

it('keeps what it has told through kills, stops and restarts at random moments', { timeout: 300_000 }, async () => {
  const seed = randomInt(2 ** 31);
  const { kills, accepted, faults } = await chaos({ kills: 8, seed });
  expect(faults, `npm run chaos -- --kills 8 --seed ${seed}`).toEqual([]);
  expect(kills).toBe(8);
  expect(accepted).toBeGreaterThan(8);
});

it('and while its configuration is broken and mended under load', { timeout: 300_000 }, async () => {
  const seed = randomInt(2 ** 31);
  const { kills, accepted, edits, faults } = await chaos({ kills: 4, seed, edits: true });
  expect(faults, `npm run chaos -- --kills 4 --seed ${seed} --edits`).toEqual([]);
  expect(kills).toBe(4);
  expect(accepted).toBeGreaterThan(4);
  expect(edits).toBeGreaterThan(8);
});
