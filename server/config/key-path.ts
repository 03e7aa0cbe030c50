/** The steps from the root of a file to a value; a number is an index. */
export type KeyPath = readonly (string | number)[];

/** A key's path as people write it: `agents.entries.main.name`, `bindings[0].agentId`, `models.providers["a.b"]`. */
export function formatKey(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = String(step);
    if (!/^[\w$-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text ? `${text}.${name}` : name;
  }, '');
}

/**
 * A copy of a value in which `change` replaces what it wants to: it is asked from the outside in, and what it leaves as it
 * is, is looked into. Names such as `__proto__` stay plain members.
 */
export function mapTree<T>(root: T, change: (value: unknown, path: KeyPath) => unknown): T {
  const copy = (value: unknown, path: KeyPath): unknown => {
    const changed = change(value, path);
    if (changed !== value) return changed;
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index]));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member, [...path, name])]));
  };
  return copy(root, []) as T;
}

/** What a file holds at a path; undefined when nothing. */
export function valueAt(value: unknown, steps: KeyPath): unknown {
  return steps.reduce<unknown>(
    (inside, step) => (Array.isArray(inside) ? inside[Number(step)] : isPlainObject(inside) ? inside[step] : undefined),
    value,
  );
}

/** A copy of a tree without one key, and without the objects that held nothing else. */
export function withoutKey<T>(tree: T, path: KeyPath): T {
  const [step, ...rest] = path;
  if (step === undefined) return tree;
  if (Array.isArray(tree)) {
    if (rest.length === 0) return tree.filter((_, index) => index !== step) as T;
    return tree.map((item, index) => (index === step ? withoutKey(item, rest) : item)) as T;
  }
  if (!isPlainObject(tree) || !Object.hasOwn(tree, step)) return tree;
  const { [step]: inside, ...others } = tree as Record<string, unknown>;
  const left = rest.length === 0 ? undefined : withoutKey(inside, rest);
  const isEmpty = isPlainObject(left) && Object.keys(left).length === 0;
  if (left === undefined || isEmpty) return others as T;
  return Object.fromEntries(
    Object.entries(tree as Record<string, unknown>).map(([name, member]) => [name, name === step ? left : member]),
  ) as T;
}

/** A copy of a tree with a value at a path; objects that are missing on the way are made. */
export function withKey<T>(tree: T, path: KeyPath, value: unknown): T {
  const [step, ...rest] = path;
  if (step === undefined) return value as T;
  if (Array.isArray(tree)) return tree.map((item, index) => (index === step ? withKey(item, rest, value) : item)) as T;
  const object: Record<string, unknown> = isPlainObject(tree) ? tree : {};
  return { ...object, [step]: withKey(object[step], rest, value) } as T;
}

/** True for what JSON5 calls an object. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members of an object; none of anything else. */
export function membersOf(value: unknown): Record<string, unknown> {
  return isPlainObject(value) ? value : {};
}
