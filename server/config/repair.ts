import { findFaults } from './faults.ts';
import { formatKey, type KeyPath, valueAt, withKey, withoutKey } from './key-path.ts';
import { findKey } from './key-tree.ts';
import { findLegacyKeys, moveLegacyKeys } from './legacy-keys.ts';
import { type Environment, substituteVariables } from './substitute.ts';

/** One thing that a repair does to a file. */
export interface Repair {
  path: string;
  /** In a sentence what is wrong there. */
  message: string;
  /** In words what the repair does: `removes it`, `moves it to gateway.auth.token`. */
  change: string;
}

/** Rounds after which a file that still has faults is given up: each round takes a level of nesting off. */
const maxRounds = 20;

/**
 * What can be repaired in a parsed file without guessing: keys of older versions are moved, unknown keys taken out, and a
 * number or a switch that stands there as a text becomes one. What else is wrong, also in a file that this one includes,
 * stays for whoever wrote it.
 */
export function repairFile(
  file: Record<string, unknown>,
  env: Environment,
): { file: Record<string, unknown>; repairs: Repair[] } {
  const repairs: Repair[] = findLegacyKeys(file).map(({ path, to, message }) => ({
    path: formatKey(path),
    message,
    change: to ? `moves it to ${formatKey(to)}` : 'removes it',
  }));
  let tree = moveLegacyKeys(file);
  for (let round = 0; round < maxRounds; round++) {
    const next = repairOnce(tree, env, repairs);
    if (next === tree) break;
    tree = next;
  }
  return { file: tree, repairs };
}

// --- internal ---

function repairOnce(tree: Record<string, unknown>, env: Environment, repairs: Repair[]): Record<string, unknown> {
  const faults = findFaults(substituteVariables(tree, env).value, tree);
  // The last item of a list goes first, so that the places of the others stay.
  const unknown = faults.filter(({ kind, steps }) => kind === 'unknown' && steps.at(-1) !== '$include').reverse();
  let next = tree;
  for (const { steps, path, message } of unknown) {
    repairs.push({ path, message, change: 'removes it' });
    next = withoutKey(next, steps);
  }
  for (const { steps, path, message, kind } of faults) {
    const better = kind === 'mistyped' ? toMeant(valueAt(next, steps), steps) : undefined;
    if (better === undefined) continue;
    repairs.push({ path, message, change: `writes it as ${JSON.stringify(better)}` });
    next = withKey(next, steps, better);
  }
  return next;
}

/** The number or switch that a text spells, where the key takes one and no text. */
function toMeant(value: unknown, steps: KeyPath): unknown {
  const { alternatives = [], min, max } = findKey(steps)?.type ?? {};
  if (typeof value !== 'string' || alternatives.includes('string')) return undefined;
  const text = value.trim();
  if (alternatives.includes('boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  const isWhole = alternatives.includes('integer') && /^-?\d{1,15}$/.test(text);
  const isNumber = alternatives.includes('number') && /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text);
  if (!isWhole && !isNumber) return undefined;
  const number = Number(text);
  return number >= (min ?? -Infinity) && number <= (max ?? Infinity) ? number : undefined;
}
