import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

/** Two minutes, unless `OPENCLAW_FUZZ_SECONDS` says otherwise; `npm run fuzz` goes on for longer. */
const seconds = Number(process.env.OPENCLAW_FUZZ_SECONDS ?? 120);

it(`is not shaken by ${seconds} seconds of nonsense`, { timeout: (seconds + 120) * 1_000 }, async () => {
  const seed = randomInt(2 ** 31);
  const { rounds, faults } = await fuzz({ seconds, seed });
  expect(faults, `npm run fuzz -- --seed ${seed}`).toEqual([]);
  for (const kind of ['frames', 'handshakes', 'http', 'bytes']) expect(rounds[kind], kind).toBeGreaterThan(5);
});
