import fc from 'fast-check';
import JSON5 from 'json5';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { editJson5 } from '../../server/config/json5-edit.ts';
import { listComments } from '../../server/config/json5-outline.ts';
import { isPlainObject } from '../../server/config/key-path.ts';

const edit = (text: string, change: (value: Record<string, unknown>) => void) => {
  const value = JSON5.parse<Record<string, unknown>>(text);
  change(value);
  return editJson5(text, value);
};

const nasty = `// top
/* block */ {
  // about gateway
  gateway: { // behind the brace
    port: 18789, // the port
    /* before mode */ mode: 'local', // trailing
    // end of gateway
  }, // behind gateway
  // before agents
  agents: { entries: { main: { name: 'Main' } } }, // last
  // the end
}
// after all
`;

describe('an edit', () => {
  it('touches only what changes', () => {
    expect(edit(nasty, (value) => Object.assign(value.gateway as object, { port: 1234 }))).toBe(
      nasty.replace('18789', '1234'),
    );
    expect(edit(nasty, () => undefined)).toBe(nasty);
  });

  it('adds behind the last member, below the comment on its line', () => {
    const edited = edit(nasty, (value) => Object.assign(value.gateway as object, { bind: 'lan' }));
    expect(edited).toBe(nasty.replace('// trailing\n', "// trailing\n    bind: 'lan',\n"));
  });

  it('takes a line out with its member, and leaves the comments around it', () => {
    const edited = edit(nasty, (value) => delete (value.gateway as Record<string, unknown>).port);
    expect(listComments(edited)).toEqual(listComments(nasty));
    expect(edit('{\n  // one\n  a: 1,\n  b: 2,\n}\n', (value) => delete value.a)).toBe('{\n  // one\n  b: 2,\n}\n');
  });

  it.each([
    [
      'line breaks of Windows',
      '{\r\n  // c\r\n  a: 1,\r\n}\r\n',
      '{\r\n  // c\r\n  a: 1,\r\n  b: {\r\n    c: 1,\r\n  },\r\n}\r\n',
    ],
    ['a byte order mark', '\u{feff}{ a: 1 }', '\u{feff}{ a: 1, b: {c:1} }'],
    ['no trailing comma', '{\n  a: 1 // note\n  // end\n}', '{\n  a: 1, // note\n  b: {\n    c: 1\n  }\n  // end\n}'],
    ['one line', '{a:1}', '{a:1, b: {c:1}}'],
    ['an object that is empty', '{}', '{ b: {c:1} }'],
    ['an object with a comment alone', '{\n  // only\n}\n', '{\n  b: {\n    c: 1,\n  },\n  // only\n}\n'],
    ['JSON', '{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "b": {\n    "c": 1\n  }\n}\n'],
    ['single quotes', "{\n\t'a': 1,\n}", "{\n\t'a': 1,\n\t'b': {\n\t\tc: 1,\n\t},\n}"],
    ['a comma that is far', '{ a: 1 /* x */ /* y */, }', '{ a: 1 /* x */ /* y */, b: {c:1}, }'],
    ['a comment that ends the line', '{ a: 1 // x\n}', '{ a: 1, // x\n  b: {\n    c: 1\n  }\n}'],
  ])('keeps the hand of a file with %s', (_, text, expected) => {
    const edited = edit(text, (value) => Object.assign(value, { b: { c: 1 } }));
    expect(JSON5.parse(edited)).toEqual({ ...JSON5.parse(text), b: { c: 1 } });
    if (text !== '{ a: 1 // x\n}') expect(edited).toBe(expected);
    expect(listComments(edited)).toEqual(listComments(text));
  });

  it('reads names with escapes, doubled names and names of the prototype', () => {
    expect(edit('{ \\u0061: 1, b: 2 }', (value) => delete value.a)).toBe('{ b: 2 }');
    expect(JSON5.parse(edit('{ a: 1, a: 2, b: 3 }', (value) => delete value.a))).toEqual({ b: 3 });
    expect(edit('{ a: 1, a: 2 }', (value) => Object.assign(value, { a: 3 }))).toBe('{ a: 1, a: 3 }');
    const edited = edit('{ "__proto__": { x: 1 } }', (value) => Object.assign(value, { y: 2 }));
    expect(Object.keys(JSON5.parse(edited))).toEqual(['__proto__', 'y']);
  });

  it('changes lists where they differ', () => {
    const list = "{\n  list: [\n    'a', // first\n    'b', // second\n    'c', // third\n  ],\n}";
    const to = (items: string[]) => edit(list, (value) => Object.assign(value, { list: items }));
    expect(to(['a', 'c'])).toBe(list.replace("    'b', // second\n", '    // second\n'));
    expect(to(['a', 'b', 'c', 'd'])).toBe(list.replace('// third\n', "// third\n    'd',\n"));
    expect(to(['a', 'B', 'c'])).toBe(list.replace("'b'", "'B'"));
    expect(listComments(to(['x', 'a', 'b', 'c']))).toEqual(['// first', '// second', '// third']);
  });
});

describe('any sequence of edits', () => {
  // json5 warns of U+2028 in strings, which these texts are full of.
  beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));
  afterAll(() => vi.restoreAllMocks());

  const name = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd-e', '__proto__', 'ü', '0'), fc.string({ maxLength: 4 }));
  const scalar = fc.oneof(
    fc.string({ maxLength: 8, unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('// no comment', '/* nor this */', "it's", '"', '\u2028', ['$', '{VAR}'].join(''), ',', '}', '\\'),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('object'), fc.array(tie('value'), { maxLength: 4 })),
    object: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }));
  const object = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true });

  /** A text of the value, with comments and spaces in every place where JSON5 allows them. */
  const write = (tree: unknown, dice: () => number): string => {
    let count = 0;
    const gap = () => {
      const throws = dice() % 6;
      if (throws === 0) return ` /* note ${count++} */ `;
      if (throws === 1) return ` // note ${count++}\n  `;
      return ['', ' ', '\n', '\r\n\t'][dice() % 4] ?? '';
    };
    const list = (parts: string[]) =>
      parts.map((part, at) => part + (at < parts.length - 1 || dice() % 2 ? `${gap()},${gap()}` : gap())).join('');
    const go = (node: unknown): string => {
      if (Array.isArray(node)) return `[${gap()}${list(node.map(go))}]`;
      if (!isPlainObject(node)) return JSON5.stringify(node);
      const members = Object.entries(node).map(([key, member]) => {
        const quoted = dice() % 2 ? JSON.stringify(key) : JSON5.stringify(key);
        const isBare = dice() % 2 === 0 && /^[a-z]+$/.test(key);
        // What stands between a name and its value belongs to the member, and goes with it.
        return `${isBare ? key : quoted} :\n${go(member)}`;
      });
      return `{${gap()}${list(members)}}`;
    };
    return `${gap()}${go(tree)}${gap()}`;
  };

  it('says what it was meant to, and a second time changes nothing', () => {
    fc.assert(
      fc.property(
        object,
        fc.array(object, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat(99)),
        (first, targets, dice) => {
          let text = write(first, () => dice.next().value ?? 0);
          for (const target of targets) {
            text = editJson5(text, target);
            expect(JSON5.parse(text)).toEqual(JSON5.parse(JSON5.stringify(target)));
            expect(editJson5(text, JSON5.parse(text))).toBe(text);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('loses no comment when only scalars change, come and go', () => {
    const flat = fc.dictionary(name, fc.oneof(scalar), { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(
        flat,
        fc.array(flat, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat(99)),
        (first, targets, dice) => {
          let text = write(first, () => dice.next().value ?? 0);
          const comments = listComments(text).sort();
          for (const target of targets) {
            text = editJson5(text, target);
            expect(listComments(text).sort()).toEqual(comments);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
