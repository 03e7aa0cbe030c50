import type { Flag, Flags } from '../args.ts';
import { toFlagName } from '../args.ts';
import { type Command, findCommand, resolveCommand } from '../command.ts';
import { globalFlags, readGlobals } from '../globals.ts';
import { createProgram } from '../program.ts';
import type { Shell } from '../shell.ts';
import { findIds, type IdKind, toIdKind } from './ids.ts';

/** Something that may be typed next. */
export interface Candidate {
  value: string;
  /** What it is, in a few words. */
  about?: string | undefined;
}

/** What may be typed next; `files` has the shell offer the names of files. */
export type Completion = { candidates: Candidate[] } | { files: true };

/** What fits at the end of an unfinished command line, without the command's own name. Never rejects. */
export async function complete(words: readonly string[], shell: Shell): Promise<Completion> {
  const current = words.at(-1) ?? '';
  try {
    const found = await look(words.slice(0, -1), current, shell);
    if ('files' in found) return found;
    const fits = found.candidates.filter(({ value }) => value.startsWith(current));
    return { candidates: fits.filter(({ value }, at) => fits.findIndex((one) => one.value === value) === at) };
  } catch {
    // Who types is not to be told of faults: nothing is offered.
    return { candidates: [] };
  }
}

// --- internal ---

const globals: Flags = Object.fromEntries(
  globalFlags.map(({ flag, about }) => {
    const [name = '', hint] = flag
      .replace(/^-\w, /, '')
      .slice(2)
      .split(' ');
    const valueHint = hint?.slice(1, -1);
    return [name, { type: hint ? 'string' : 'boolean', description: about, valueHint } as Flag];
  }),
);

async function look(before: readonly string[], current: string, shell: Shell): Promise<Completion> {
  const isOver = before.includes('--');
  const { node, rest } = await findCommand(createProgram(shell), withoutGlobals(before));
  const leaf = node.otherwise ?? node;
  const flags: Flags = { ...globals, ...leaf.args };
  const asked = isOver ? undefined : (expectsValue(before.at(-1), flags) ?? readInline(current, flags));
  if (asked) return valuesOf(asked.name, asked.flag, { before, shell, prefix: asked.prefix });
  if (current.startsWith('-') && !isOver) return { candidates: toFlagCandidates(flags) };
  const place = findPlace(leaf, rest);
  const children = rest.length === 0 ? await toChildren(node) : [];
  if (!place) return { candidates: children };
  const values = await valuesOf(place.name, place.flag, { before, shell, prefix: '' });
  return 'files' in values ? values : { candidates: [...children, ...values.candidates] };
}

/** The words without flags that every command takes, which may stand before its name. */
function withoutGlobals(words: readonly string[]): string[] {
  // The last one may still wait for its value.
  const waits = /^--(url|token|password|timeout|profile)$/.test(words.at(-1) ?? '');
  return readGlobals(waits ? words.slice(0, -1) : words).rest.filter((word) => word !== '--');
}

interface Asked {
  name: string;
  flag: Flag;
  /** What stands before the value in the same word. */
  prefix: string;
}

function findFlag(word: string, flags: Flags): Omit<Asked, 'prefix'> | undefined {
  const name = toFlagName(word.replace(/^--?/, ''));
  const found = Object.entries(flags).find(
    ([key, flag]) =>
      flag.type !== 'positional' && (key === name || ('alias' in flag && [flag.alias ?? []].flat().includes(name))),
  );
  return found && { name: found[0], flag: found[1] };
}

function expectsValue(word: string | undefined, flags: Flags): Asked | undefined {
  if (!word?.startsWith('-') || word.includes('=')) return undefined;
  const found = findFlag(word, flags);
  return found && found.flag.type !== 'boolean' ? { ...found, prefix: '' } : undefined;
}

function readInline(current: string, flags: Flags): Asked | undefined {
  const at = current.indexOf('=');
  const found = current.startsWith('--') && at > 0 ? findFlag(current.slice(0, at), flags) : undefined;
  return found && { ...found, prefix: current.slice(0, at + 1) };
}

/** The argument by position that comes next; what takes several words takes all that follow. */
function findPlace(leaf: Command, rest: readonly string[]): Omit<Asked, 'prefix'> | undefined {
  const flags = leaf.args ?? {};
  const places = Object.entries(flags).filter(([, flag]) => flag.type === 'positional');
  const given = rest.filter(
    (word, at) => !word.startsWith('-') && !expectsValue(rest[at - 1], { ...globals, ...flags }),
  );
  const last = places.at(-1);
  const place = places[given.length] ?? (last?.[1].multiple ? last : undefined);
  return place && { name: toFlagName(place[0]), flag: place[1] };
}

async function toChildren({ subCommands = {} }: Command): Promise<Candidate[]> {
  return Promise.all(
    Object.entries(subCommands).map(async ([value, command]) => ({
      value,
      about: (await resolveCommand(command)).meta.description,
    })),
  );
}

function toFlagCandidates(flags: Flags): Candidate[] {
  return Object.entries(flags)
    .filter(([, flag]) => flag.type !== 'positional')
    .map(([name, flag]) => ({ value: `--${name}`, about: flag.description }));
}

interface Around {
  before: readonly string[];
  shell: Shell;
  prefix: string;
}

async function valuesOf(name: string, flag: Flag, { before, shell, prefix }: Around): Promise<Completion> {
  const hint = 'valueHint' in flag ? String(flag.valueHint ?? '') : '';
  if (hint === 'path' || name.endsWith('-file')) return { files: true };
  const kind: IdKind | undefined = toIdKind(name);
  const words = /^[\w.-]+(\|[\w.-]+)+$/.test(hint) ? hint.split('|') : [];
  const candidates =
    words.length > 0 ? words.map((value) => ({ value })) : kind ? await findIds(kind, before, shell) : [];
  return { candidates: candidates.map((one) => ({ ...one, value: `${prefix}${one.value}` })) };
}
