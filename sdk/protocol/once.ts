import type { z } from 'zod';

/**
 * A schema that looks at each object once: one that it has found right, member for member, passes from then on as it is.
 * For objects that are shared and never changed, of which thousands leave in a second; the check of a page of sessions costs
 * more than to read them and to write them out together.
 */
export function once<S extends z.ZodType>(schema: S): S {
  const right = new WeakSet<object>();
  const { run } = schema._zod;
  schema._zod.run = (payload, context) => {
    const { value } = payload;
    if (typeof value !== 'object' || value === null) return run(payload, context);
    if (right.has(value)) return payload;
    const result = run(payload, context);
    // One that lost a member on the way is not right as it is.
    if (!(result instanceof Promise) && result.issues.length === 0 && isSame(value, result.value)) right.add(value);
    return result;
  };
  return schema;
}

function isSame(before: object, after: unknown): boolean {
  return Object.keys(before).length === Object.keys(after as object).length;
}
