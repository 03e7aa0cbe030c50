import fc from 'fast-check';
import type { JsonSchema } from '../../scripts/json-schema.ts';

/** Text that is awkward somewhere: keys, paths, halves of characters, names of prototypes, and a lot of it. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom('main', 'agent:main:main', 'fuzzed', 'x') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', ' ', '__proto__', 'constructor', 'toString', 'null', '$ref', '../../etc'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\u0000', '\ud800', '\udfff\ud800', 'é\u0301', '\u202e', '🙂', '\ufeff', 'a\nb\r'),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 20_000 }).map((length) => 'l'.repeat(length)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/new', '/reset soft', '/stop', '/model up/one', '/status', '/compact', '/unknown x'),
  },
);

export const number: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, -0, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 100, 1_000),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any JSON, with keys that a careless reader would take for an object's own machinery. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toJSON', 'key', 'then', 'length'), text),
      tie('value'),
      {
        maxKeys: 5,
      },
    ),
  ),
})).value;

/** Values of a shape: most of them fit, some are of another type, some members are missing and some too many. */
export function shapedAs(schema: JsonSchema | undefined, depth = 0): fc.Arbitrary<unknown> {
  if (!schema || depth > 4) return anything;
  return fc.oneof({ weight: 25, arbitrary: fitting(schema, depth) }, { weight: 1, arbitrary: anything });
}

/** Undefined, and once in about so many times a value. */
export const rarely = <T>(value: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Text of a value, broken in ways that no serialiser would: cut, doubled, nested, with prototypes in it. */
export function broken(json: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: json.length });
  return fc.oneof(
    place.map((at) => json.slice(0, at)),
    fc.tuple(place, text).map(([at, piece]) => json.slice(0, at) + piece + json.slice(at)),
    fc.tuple(place, place).map(([from, to]) => json.slice(0, from) + json.slice(to)),
    fc.constant(json.replace('{', '{"__proto__":{"polluted":true,"scopes":["operator.admin"]},')),
    fc.constant(json.replace('"params":{', '"params":{"constructor":{"prototype":{"polluted":true}},')),
    fc.integer({ min: 10, max: 20_000 }).map((levels) => json.replace(/"params":/, `"params":${'['.repeat(levels)}`)),
    fc.integer({ min: 10, max: 20_000 }).map((levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`),
    fc.integer({ min: 10, max: 5_000 }).map((levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`),
    fc.constant(json + json),
    fc.constantFrom('', ' ', 'null', '[]', '{}', '"', '\u0000', '1e999', '{"type":"req"}', '\ufeff{}'),
  );
}

// --- internal ---

function fitting(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && choices.length > 0) return fc.oneof(...choices.map((choice) => shapedAs(choice, depth + 1)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'string') return text;
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer')
    return fc.oneof(fc.integer({ min: schema.minimum ?? 0, max: (schema.minimum ?? 0) + 50 }), number);
  if (type === 'number') return number;
  if (type === 'array') return fc.array(shapedAs(schema.items, depth + 1), { maxLength: 4 });
  if (type === 'object' && schema.properties) return members(schema, depth);
  return anything;
}

function members({ properties = {}, required = [] }: JsonSchema, depth: number): fc.Arbitrary<object> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const value = shapedAs(schema, depth + 1);
      // Members that need not be there are mostly not.
      return [name, required.includes(name) ? value : rarely(value, 4)];
    }),
  );
  const extra = rarely(fc.dictionary(text, anything, { maxKeys: 2 }), 25);
  return fc
    .tuple(fc.record(model, { requiredKeys: required.filter((name) => name in properties) }), extra)
    .map(([value, more]) => ({ ...value, ...more }));
}
