import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { expandHome } from './home-path.ts';
import { formatKey, isPlainObject } from './key-path.ts';
import { type Origin, originOfMember, type SourceFile } from './origins.ts';
import { maxSourceBytes, parseSource, readSource, type SourceFault } from './source.ts';
import type { Environment } from './substitute.ts';

/*
 * active file --$include--> file --$include--> ... 10 levels, each inside the folder of the active file or a folder that
 * OPENCLAW_INCLUDE_ROOTS names. One name stands for the object it is in; of several, and of the keys beside it, the later
 * wins: names in their order, then the keys beside.
 */

/** A configuration with its included files in place. */
export interface Assembled {
  value: unknown;
  origin: Origin;
  /** Every file that was read, the active one first. */
  sources: SourceFile[];
  /** Every file that is wanted: those that were read, and those that could not be. */
  files: string[];
  faults: SourceFault[];
}

export interface Assembly {
  env: Environment;
  /** Texts that stand for what is on disk, by path. */
  texts?: ReadonlyMap<string, string> | undefined;
}

/** Levels of files in files. */
const maxLevels = 10;
/** Files that are put in place, one that is named twice counted twice: a few that include each other grow fast. */
const maxIncludes = 500;
const maxPathLength = 4096;

/** Puts included files in place. What is wrong with them is among the faults, never thrown. @param value of `source`, parsed. */
export async function assemble(value: unknown, source: SourceFile, { env, texts }: Assembly): Promise<Assembled> {
  const whole: Whole = { sources: [source], files: [source.path], faults: [], count: 0, chars: 0, texts, roots: [] };
  const origin: Origin = { file: source.path, steps: [] };
  if (!holdsInclude(value)) return { ...whole, value, origin };
  whole.roots = await findRoots(source.path, env);
  const part = await expand({ value, origin }, { whole, chain: [await toReal(source.path)] });
  return { ...whole, ...part };
}

/** True for a file in the folder of the configuration, symbolic links followed: only those are written. */
export async function isOwnFile(path: string, configPath: string): Promise<boolean> {
  return path === configPath || isInside(await toReal(dirname(configPath)), await toReal(path));
}

/** True when a file is built from others, wherever it names them. */
export function holdsInclude(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '$include') || Object.values(value).some(holdsInclude);
}

// --- internal ---

interface Whole extends Pick<Assembled, 'sources' | 'files' | 'faults'> {
  count: number;
  /** Of all that was put in place; what is named twice is read twice. */
  chars: number;
  texts: Assembly['texts'];
  /** Folders that included files may be in, symbolic links followed. */
  roots: string[];
}

interface Part {
  value: unknown;
  origin: Origin;
}

interface Walk {
  whole: Whole;
  /** Real paths of the files that led here. */
  chain: readonly string[];
}

async function expand({ value, origin }: Part, walk: Walk): Promise<Part> {
  if (!holdsInclude(value)) return { value, origin };
  if (Array.isArray(value)) {
    const items: Part[] = [];
    for (const [index, item] of value.entries()) items.push(await expand(partOf(item, origin, index), walk));
    return { value: items.map((item) => item.value), origin: { ...origin, items: items.map((item) => item.origin) } };
  }
  const members: [string, Part][] = [];
  for (const [name, member] of Object.entries(value as object))
    if (name !== '$include') members.push([name, await expand(partOf(member, origin, name), walk)]);
  const beside: Part = {
    value: Object.fromEntries(members.map(([name, part]) => [name, part.value])),
    origin: { ...origin, members: new Map(members.map(([name, part]) => [name, part.origin])) },
  };
  if (!isPlainObject(value) || !Object.hasOwn(value, '$include')) return beside;
  const included = await readAll(value.$include, origin, walk);
  const parts = members.length > 0 || included.length === 0 ? [...included, beside] : included;
  for (const { value: one, origin: where } of parts)
    if (parts.length > 1 && !isPlainObject(one))
      walk.whole.faults.push({
        file: where.file,
        steps: [],
        path: '',
        code: 'INCLUDE_NOT_MERGEABLE',
        message: notAnObject,
      });
  return parts.reduce(merge);
}

const notAnObject =
  'the file has to hold an object: it is merged with other files, or with the keys beside its $include';

/** The files that one `$include` names, in their order. */
async function readAll(named: unknown, origin: Origin, walk: Walk): Promise<Part[]> {
  const names: unknown[] = Array.isArray(named) ? named : [named];
  const parts: Part[] = [];
  if (names.length === 0) refuse(walk, origin, 'INCLUDE_INVALID', 'expected the name of a file, or a list of them');
  for (const name of names) {
    const part = await readOne(name, origin, walk);
    if (part) parts.push(part);
  }
  return parts;
}

async function readOne(name: unknown, origin: Origin, { whole, chain }: Walk): Promise<Part | undefined> {
  const walk = { whole, chain };
  if (typeof name !== 'string' || name.trim() === '' || name.includes('\0') || name.length >= maxPathLength)
    return refuse(walk, origin, 'INCLUDE_INVALID', 'expected the name of a file, or a list of them');
  const path = resolve(dirname(origin.file), name);
  if (!whole.files.includes(path)) whole.files.push(path);
  if (chain.length > maxLevels)
    return refuse(
      walk,
      origin,
      'INCLUDE_TOO_DEEP',
      `"${name}" would be level ${chain.length} of files in files; ${maxLevels} are read`,
    );
  // Said once: what is left may be many times as much.
  if (++whole.count > maxIncludes + 1) return undefined;
  if (whole.count > maxIncludes)
    return refuse(walk, origin, 'INCLUDE_TOO_MANY', `more than ${maxIncludes} files are included in all`);
  const real = await toReal(path);
  if (!whole.roots.some((root) => isInside(root, real)))
    return refuse(
      walk,
      origin,
      'INCLUDE_OUTSIDE',
      `"${name}" is ${real}, outside of ${whole.roots[0]}: move it there, or name its folder in OPENCLAW_INCLUDE_ROOTS`,
    );
  if (chain.includes(real))
    return refuse(
      walk,
      origin,
      'INCLUDE_CIRCULAR',
      `"${name}" includes itself: ${[...chain.slice(chain.indexOf(real)), real].join(' -> ')}`,
    );
  const raw =
    whole.texts?.get(path) ?? whole.sources.find((source) => source.path === path)?.raw ?? (await readSource(path));
  if (typeof raw === 'object') return refuse(walk, origin, raw.code, `"${name}": ${path} ${raw.message}`);
  // Said once as well.
  if (whole.chars > maxSourceBytes) return undefined;
  whole.chars += raw.length;
  if (whole.chars > maxSourceBytes)
    return refuse(
      walk,
      origin,
      'INCLUDE_TOO_LARGE',
      `the included files are larger than ${maxSourceBytes} bytes in all`,
    );
  if (!whole.sources.some((source) => source.path === path)) whole.sources.push({ path, raw });
  const parsed = parseSource(raw, path);
  if (parsed.fault) {
    whole.faults.push(parsed.fault);
    return undefined;
  }
  return expand({ value: parsed.value, origin: { file: path, steps: [] } }, { whole, chain: [...chain, real] });
}

/** @returns undefined, in place of what was not read. */
function refuse({ whole }: Walk, origin: Origin, code: string, message: string): undefined {
  const steps = [...origin.steps, '$include'];
  whole.faults.push({ file: origin.file, steps, path: formatKey(steps), code, message });
}

function merge(below: Part, above: Part): Part {
  if (!isPlainObject(below.value) || !isPlainObject(above.value)) return above;
  const names = new Set([...Object.keys(below.value), ...Object.keys(above.value)]);
  const members = [...names].map((name): [string, Part] => {
    const [low, high] = [memberOf(below, name), memberOf(above, name)];
    return [name, low && high ? merge(low, high) : ((high ?? low) as Part)];
  });
  return {
    value: Object.fromEntries(members.map(([name, part]) => [name, part.value])),
    origin: { ...above.origin, members: new Map(members.map(([name, part]) => [name, part.origin])) },
  };
}

function memberOf({ value, origin }: Part, name: string): Part | undefined {
  const object = value as Record<string, unknown>;
  return Object.hasOwn(object, name) ? partOf(object[name], origin, name) : undefined;
}

function partOf(value: unknown, origin: Origin, step: string | number): Part {
  return { value, origin: originOfMember(origin, step) ?? origin };
}

/** The folder of the active file first, then those that the environment allows besides. */
async function findRoots(path: string, env: Environment): Promise<string[]> {
  const named = (env.OPENCLAW_INCLUDE_ROOTS ?? '').split(delimiter).map((root) => root.trim());
  const home = env.OPENCLAW_HOME?.trim() || env.HOME?.trim() || homedir();
  const folders = named.filter(Boolean).map((root) => expandHome(root, home));
  return Promise.all([dirname(path), ...folders].map((folder) => toReal(resolve(folder))));
}

/** With symbolic links followed as far as there is something. */
async function toReal(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // What is not there is told when it is read; its folder may be a link all the same.
    return dirname(path) === path ? path : join(await toReal(dirname(path)), path.slice(dirname(path).length));
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
