/** Values that a fixture took out of earlier frames, and those that the player knows. */
export type Known = Map<string, unknown>;

/**
 * Compares what came with what a fixture says (fixtures/README.md, "Matchers"); keeps what it captures in `known`.
 * @returns what differs, one line each; nothing when it matches.
 */
export function differences(expected: unknown, actual: unknown, known: Known, path = ''): string[] {
  const differs = (what: string) => [`${path || 'frame'}: ${what}, got ${show(actual)}`];
  if (typeof expected === 'string' && expected.startsWith('$')) {
    const named = words[expected];
    if (named) return named.fits(actual) ? [] : differs(expected);
    return Object.is(known.get(expected.replace(/^\$(use:)?/, '')), actual) ? [] : differs(expected);
  }
  if (Array.isArray(expected)) return differencesOfArrays(expected, actual, known, path);
  if (!isRecord(expected)) return Object.is(expected, actual) ? [] : differs(show(expected));
  if ('$text' in expected) {
    const fits = typeof actual === 'string' && new RegExp(String(expected.$text)).test(actual);
    return fits ? [] : differs(`text like ${expected.$text}`);
  }
  if ('$has' in expected) {
    if (!Array.isArray(actual)) return differs('a list');
    return (expected.$has as unknown[]).flatMap((one) =>
      actual.some((item) => differences(one, item, known).length === 0) ? [] : differs(`an item like ${show(one)}`),
    );
  }
  if ('$each' in expected) {
    if (!Array.isArray(actual)) return differs('a list');
    return actual.flatMap((item, index) => differences(expected.$each, item, known, `${path}.${index}`));
  }
  if ('$capture' in expected) {
    known.set(String(expected.$capture), actual);
    return differences(expected.as ?? '$any', actual, known, path);
  }
  if ('$only' in expected) {
    const members = Object.keys(expected.$only as object);
    const more = isRecord(actual) ? Object.keys(actual).filter((member) => !members.includes(member)) : [];
    if (more.length > 0) return differs(`no members besides ${members.join(', ')}`);
    return differences(expected.$only, actual, known, path);
  }
  if (!isRecord(actual)) return differs('an object');
  return Object.entries(expected).flatMap(([member, value]) =>
    differences(value, actual[member], known, path ? `${path}.${member}` : member),
  );
}

/** A value that matches: what the fixture's other side would have sent. */
export function exampleOf(expected: unknown, known: Known): unknown {
  if (typeof expected === 'string' && expected.startsWith('$'))
    return words[expected] ? words[expected].example() : known.get(expected.replace(/^\$(use:)?/, ''));
  if (Array.isArray(expected)) return expected.map((item) => exampleOf(item, known));
  if (!isRecord(expected)) return expected;
  if ('$text' in expected) return expected.like;
  if ('$has' in expected) return exampleOf(expected.$has, known);
  if ('$each' in expected) return [exampleOf(expected.$each, known)];
  if ('$only' in expected) return exampleOf(expected.$only, known);
  if ('$capture' in expected) {
    const value = exampleOf(expected.as ?? '$string', known);
    known.set(String(expected.$capture), value);
    return value;
  }
  const members = Object.entries(expected).filter(([, value]) => value !== '$absent');
  return Object.fromEntries(members.map(([member, value]) => [member, exampleOf(value, known)]));
}

/** What a fixture sends, with its places filled in. */
export function fill(value: unknown, known: Known): unknown {
  if (typeof value === 'string') {
    if (value.startsWith('$use:') || value === '$token') {
      const name = value.replace(/^\$(use:)?/, '');
      if (!known.has(name)) throw new Error(`the fixture uses ${name}, which nothing has captured`);
      return known.get(name);
    }
    return value.replaceAll('$n', String(known.get('n') ?? '$n'));
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, known));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, fill(one, known)]));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// --- internal ---

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const dayMs = 86_400_000;

/** The matchers that are one word. */
const words: Record<string, { fits(value: unknown): boolean; example(): unknown }> = {
  $any: { fits: (value) => value !== undefined, example: () => ({}) },
  $absent: { fits: (value) => value === undefined, example: () => undefined },
  $string: { fits: (value) => typeof value === 'string' && value !== '', example: () => 'text' },
  $boolean: { fits: (value) => typeof value === 'boolean', example: () => true },
  $integer: { fits: Number.isInteger, example: () => 1 },
  $list: { fits: Array.isArray, example: () => [] },
  $object: { fits: isRecord, example: () => ({}) },
  $uuid: {
    fits: (value) => typeof value === 'string' && uuid.test(value),
    example: () => '00000000-0000-4000-8000-000000000000',
  },
  $time: {
    fits: (value) => Number.isInteger(value) && Math.abs(Date.now() - (value as number)) < dayMs,
    example: () => Date.now(),
  },
};

function differencesOfArrays(expected: unknown[], actual: unknown, known: Known, path: string): string[] {
  if (!Array.isArray(actual) || actual.length !== expected.length)
    return [`${path || 'frame'}: a list of ${expected.length}, got ${show(actual)}`];
  return expected.flatMap((item, index) => differences(item, actual[index], known, `${path}.${index}`));
}

const show = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 600);
