/** Kills a gateway under load as often as one likes: `npm run chaos -- --kills 1000 --seed 7`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
console.log(`seed ${seed}`);
const { kills, accepted, faults } = await chaos({
  kills: Number(values.kills),
  seed,
  progress: (line) => console.log(line),
});
console.log(`${kills} kills, ${accepted} messages accepted`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
