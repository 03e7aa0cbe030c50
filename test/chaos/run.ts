/** Kills a gateway under load as often as one likes: `npm run chaos -- --kills 1000 --seed 7 [--edits]`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, edits: { type: 'boolean' } },
});
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
console.log(`seed ${seed}`);
const { kills, accepted, edits, faults } = await chaos({
  kills: Number(values.kills),
  seed,
  ...(values.edits && { edits: true }),
  progress: (line) => console.log(line),
});
console.log(`${kills} kills, ${accepted} messages accepted, ${edits} edits of the configuration`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
