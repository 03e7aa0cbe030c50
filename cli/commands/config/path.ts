import { isPlainObject, type KeyPath } from '../../../server/config/key-path.ts';
import { misuse } from '../../misuse.ts';

/** `models.providers["a.b"].models[0].id`, step by step; a number in brackets is an index. @throws GatewayError bad usage. */
export function readKeyPath(path: string): KeyPath {
  const steps = [...path.matchAll(/\[("(?:[^"\\]|\\.)*"|[^\]]*)\]|([^.[\]]+)/g)].map(([, quoted, plain]) => {
    if (plain !== undefined) return plain;
    if (quoted?.startsWith('"')) return String(JSON.parse(quoted));
    return /^\d+$/.test(quoted ?? '') ? Number(quoted) : String(quoted);
  });
  if (steps.length === 0 || steps.includes('')) throw misuse(`<path> "${path}" is no key: use agents.defaults.model`);
  return steps;
}

/** The same for a key that is going to be written. @throws GatewayError bad usage, also for an item of a list. */
export function readPath(path: string): string[] {
  const steps = readKeyPath(path).map(String);
  if (steps.some((step) => /^\d+$/.test(step)))
    throw misuse(`<path> "${path}" goes into a list: set the whole list, or use openclaw config patch`);
  return steps;
}

/** Who names one key means all that it holds: the lists in it are replaced as well. */
export const listsAt = (steps: readonly string[]) => (file: unknown) => {
  const found = steps.reduce<unknown>((inside, step) => (isPlainObject(inside) ? inside[step] : undefined), file);
  return listsIn(found, steps.reduce(toKey, ''));
};

/** The paths of the lists in a value; what stands in their entries goes with them. */
function listsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [path];
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => listsIn(member, toKey(path, name)));
}

function toKey(path: string, name: string): string {
  if (!/^[\w$-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path ? `${path}.${name}` : name;
}

export function nest(steps: readonly string[], value: string): string {
  return steps.reduceRight((inside, step) => `{ ${JSON.stringify(step)}: ${inside} }`, value);
}

/** A number, word, list or object as it is; anything else is a text. */
export function toJson5(value: string): string {
  const isLiteral = /^(?:true|false|null|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[\da-f]+|[[{"'][\s\S]*)$/i.test(
    value.trim(),
  );
  // The line break at the end of a file belongs to the file.
  return isLiteral ? value : JSON.stringify(value.replace(/\r?\n$/, ''));
}

/** A positional that names a revision; undefined when there is none. @throws GatewayError bad usage. */
export function readRevision(value: unknown): number {
  const text = String(value ?? '');
  if (!/^\d{1,12}$/.test(text))
    throw misuse(`<revision> "${text}" is no revision: use a number from openclaw config revisions list`);
  return Number(text);
}
