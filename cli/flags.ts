import type { Flag, Flags } from './args.ts';
import { toFlagName } from './args.ts';
import { misuse } from './misuse.ts';
import { didYouMean } from './nearest.ts';

/**
 * Spells a command's arguments so that citty cannot misread them: every flag as `--name=value`, then `--`, then the
 * positionals. Flags that may be repeated become one JSON array, and so do all words from the place that takes several.
 * @throws GatewayError bad usage: an unknown flag, a missing value, a value too many.
 */
export function spellOut(argv: readonly string[], flags: Flags): string[] {
  const reader = { argv, index: 0 };
  const spelled: string[] = [];
  const repeated = new Map<string, string[]>();
  const positionals: string[] = [];
  for (; reader.index < argv.length; reader.index++) {
    const token = argv[reader.index] as string;
    if (token === '--') {
      positionals.push(...argv.slice(reader.index + 1));
      break;
    }
    if (!/^-[^\d]/.test(token)) {
      positionals.push(token);
      continue;
    }
    const { name, flag, negated, inline } = readFlag(token, flags);
    if (flag.type === 'boolean') spelled.push(readSwitch(name, negated, inline));
    else if (flag.multiple) repeated.set(name, [...(repeated.get(name) ?? []), readValue(reader, token, flag, inline)]);
    else spelled.push(`--${name}=${readValue(reader, token, flag, inline)}`);
  }
  for (const [name, values] of repeated) spelled.push(`--${name}=${JSON.stringify(values)}`);
  const placed = gatherRest(flags, positionals);
  checkComplete(flags, spelled, placed);
  return [...spelled, '--', ...placed];
}

// --- internal ---

function gatherRest(flags: Flags, positionals: readonly string[]): readonly string[] {
  const places = Object.values(flags).filter((flag) => flag.type === 'positional');
  const last = places.length - 1;
  if (!places[last]?.multiple || positionals.length <= last) return positionals;
  return [...positionals.slice(0, last), JSON.stringify(positionals.slice(last))];
}

function checkComplete(flags: Flags, spelled: readonly string[], positionals: readonly string[]): void {
  const places = Object.keys(flags).filter((name) => flags[name]?.type === 'positional');
  if (positionals.length > places.length) throw misuse(`unexpected argument "${positionals[places.length]}"`);
  const isGiven = (name: string) =>
    places.includes(name)
      ? places.indexOf(name) < positionals.length
      : spelled.some((text) => text.startsWith(`--${name}=`));
  for (const [name, flag] of Object.entries(flags)) {
    const label = flag.type === 'positional' ? `<${toFlagName(name)}>` : `--${name}`;
    const file = Object.keys(flags).find((other) => flags[other]?.fills === name);
    if (file !== undefined && isGiven(file) && isGiven(name)) throw misuse(`${label} and --${file}: give one of them`);
    if (!flag.required || isGiven(name) || (file !== undefined && isGiven(file))) continue;
    throw misuse(`${file === undefined ? label : `${label} or --${file}`} is missing`);
  }
}

interface Reader {
  argv: readonly string[];
  index: number;
}

function readFlag(token: string, flags: Flags) {
  const [written = '', ...rest] = token.split('=');
  const inline = token.includes('=') ? rest.join('=') : undefined;
  const bareName = toFlagName(written.replace(/^--?/, ''));
  const negated = bareName.startsWith('no-') && !Object.hasOwn(flags, bareName);
  const name = negated ? bareName.slice('no-'.length) : bareName;
  const found = Object.entries(flags).find(
    ([key, flag]) => flag.type !== 'positional' && (key === name || aliases(flag).includes(name)),
  );
  if (found && (!negated || found[1].type === 'boolean')) return { name: found[0], flag: found[1], negated, inline };
  if (found) throw misuse(`--${name} is no switch: give it a value`);
  const positional = Object.keys(flags).find((key) => flags[key]?.type === 'positional' && toFlagName(key) === name);
  if (positional) throw misuse(`<${name}> is given by position, without ${written}`);
  const known = Object.entries(flags).filter(([, flag]) => flag.type !== 'positional');
  throw misuse(
    `unknown flag ${written}${didYouMean(
      `--${name}`,
      known.map(([key]) => `--${key}`),
    )}`,
  );
}

function aliases(flag: Flag): string[] {
  const alias = 'alias' in flag ? (flag.alias ?? []) : [];
  return Array.isArray(alias) ? alias : [alias];
}

function readSwitch(name: string, negated: boolean, inline: string | undefined): string {
  if (inline !== undefined && inline !== 'true' && inline !== 'false')
    throw misuse(`--${name} is a switch: write --${name} or --no-${name}, not --${name}=${inline}`);
  const on = (inline ?? 'true') === 'true';
  return on === negated ? `--no-${name}` : `--${name}`;
}

function readValue(reader: Reader, token: string, flag: Flag, inline: string | undefined): string {
  if (inline !== undefined) return inline;
  const next = reader.argv[reader.index + 1];
  if (flag.bare && (next === undefined || !flag.bare.includes(next))) return 'true';
  if (next === undefined || next.startsWith('--')) throw misuse(`${token} needs a value`);
  reader.index++;
  return next;
}
