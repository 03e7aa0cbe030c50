import { isPlainObject } from '../config/key-path.ts';

/** Whether a value is as somebody expects it, who may expect nothing (undefined) or that there is none (null). */
export function isAs(expected: unknown, actual: unknown): boolean {
  return expected === undefined || canonical(expected) === canonical(actual);
}

/** The same text for equal values, however their members are ordered. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, member: unknown) =>
    isPlainObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
