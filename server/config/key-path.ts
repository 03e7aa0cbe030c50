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

/** True for what JSON5 calls an object. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
