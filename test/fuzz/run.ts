/** Fuzzes a gateway for as long as one likes: `npm run fuzz -- --minutes 60 --seed 7`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
console.log(`seed ${seed}; the same one again: npm run fuzz -- --minutes ${values.minutes} --seed ${seed}`);
const { rounds, maxRssMb, faults } = await fuzz({
  seconds: Number(values.minutes) * 60,
  seed,
  progress: (line) => console.log(line),
});
console.log(`${JSON.stringify(rounds)}, at most ${maxRssMb.toFixed(0)} MB`);
for (const fault of faults) console.error(`\n${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
