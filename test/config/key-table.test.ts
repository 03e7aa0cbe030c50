import { describe, expect, it } from 'vitest';
import { findFaults } from '../../server/config/faults.ts';
import { keyTable, namespaces, ownKeys } from '../../server/config/keys.ts';
import { configSchema } from '../../server/config/schema.ts';

/** The lines of a table, read here on their own, not with the reader under test. */
const lines = (table: string) =>
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [, path = '', type = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return { path, type };
    });

const published = lines(keyTable);
const everything = configSchema();
const namespaceOf = (path: string) => path.split(/[.[]/)[0] ?? '';
const linesOf = (namespace: string) => published.filter(({ path }) => namespaceOf(path) === namespace);
const spoken = namespaces.filter((namespace) => linesOf(namespace).length > 0);

describe('the table of the published product', () => {
  it('has all of its lines', () => {
    expect(published.length).toBe(1593);
    expect(published.filter(({ path }) => !namespaces.includes(namespaceOf(path)))).toEqual([]);
    expect(spoken.length).toBe(26);
  });

  it.each(spoken)('accepts every key of %s with each kind of value it may have', (namespace) => {
    for (const { path, type } of linesOf(namespace)) {
      for (const value of samplesOf(type)) {
        const file = nest(path, value);
        expect(findFaults(file, file), `${path}: ${type} given ${JSON.stringify(value)}`).toEqual([]);
        expect(everything.safeParse(file).success, path).toBe(true);
      }
    }
  });

  it.each(spoken)('refuses every key of %s with a value of another kind, and names its path', (namespace) => {
    for (const { path, type } of linesOf(namespace).filter((line) => line.type !== '')) {
      const wrong = wrongFor(type);
      expect(wrong.length, path).toBeGreaterThan(0);
      for (const value of wrong) {
        const file = nest(path, value);
        const found = findFaults(file, file);
        expect(
          found.map((fault) => fault.path),
          `${path}: ${type} given ${JSON.stringify(value)}`,
        ).toContain(spell(path));
        expect(found[0]?.message, path).toMatch(/^expected .+, received /);
        expect(everything.safeParse(file).success, path).toBe(false);
      }
    }
  });

  it('refuses a member that no line names, in every object that the lines describe', () => {
    const objects = new Set(
      published.filter(({ path }) => path.includes('.')).map(({ path }) => path.replace(/\.[^.]+$/, '')),
    );
    const named = (path: string) => !published.some((line) => line.path === `${path}.<id>`);
    const closed = [...objects].filter(named);
    expect(closed.length).toBeGreaterThan(200);
    for (const path of closed) {
      const file = nest(path, { unheardOf: 1, ...required(path) });
      expect(findFaults(file, file).map((fault) => fault.path)).toContain(`${spell(path)}.unheardOf`);
    }
  });
});

describe('the own lines', () => {
  it.each(lines(ownKeys))('$path accepts $type', ({ path, type }) => {
    const file = nest(path, samplesOf(type.replace(' (required)', ''))[0]);
    expect(findFaults(file, file)).toEqual([]);
  });

  it('take an item of agents.list like an entry', () => {
    const file = { agents: { list: [{ id: 'a', name: 'A', tools: { profile: 'coding' }, default: true }] } };
    expect(findFaults(file, file)).toEqual([]);
    const wrong = { agents: { list: [{ name: 'A', nmae: 'B' }] } };
    expect(findFaults(wrong, wrong).map(({ path }) => path)).toEqual(['agents.list[0].id', 'agents.list[0].nmae']);
  });
});

describe('a namespace without lines', () => {
  it.each(['wizard', 'talk', 'proxy', 'browser', '$schema'])('%s takes any value', (name) => {
    const file = { [name]: { anything: [1, { at: 'all' }] } };
    expect(findFaults(file, file)).toEqual([]);
  });
});

describe('a secret', () => {
  const reference = { source: 'env', provider: 'default', id: 'KEY' };

  it.each([
    'gateway.auth.token',
    'gateway.auth.password',
    'models.providers.<id>.apiKey',
    'models.providers.<id>.headers.<id>',
    'models.providers.<id>.request.tls.key',
    'channels.telegram.botToken',
    'channels.slack.signingSecret',
    'agents.defaults.sandbox.ssh.identityData',
  ])('%s may be a reference', (path) => {
    const file = nest(path, reference);
    expect(findFaults(file, file)).toEqual([]);
  });

  it('may not be half a reference, and no other text may be one', () => {
    const half = nest('gateway.auth.token', { source: 'env', id: 'KEY' });
    expect(findFaults(half, half)).toMatchObject([
      { path: 'gateway.auth.token', message: /reference \{ source, provider, id \}/ },
    ]);
    const other = nest('gateway.customBindHost', reference);
    expect(findFaults(other, other)).toMatchObject([{ path: 'gateway.customBindHost' }]);
  });
});

function tokensOf(type: string): {
  tokens: string[];
  items: string[] | undefined;
  min: number | undefined;
  max: number | undefined;
} {
  const [, text = '', range = ''] = /^(.*?)(?: = \S+)?(?: \((.*)\))?$/.exec(type) ?? [];
  const [min, max] = range.split('..').map((bound) => (bound ? Number(bound) : undefined));
  if (!text.endsWith('[]')) return { tokens: text.split('|').filter(Boolean), items: undefined, min, max };
  const tokens = text.slice(0, -2).split('|');
  if (!tokens.includes('array')) return { tokens: [], items: tokens, min, max };
  return { tokens: tokens.slice(0, -1).filter((token) => token !== 'array'), items: tokens.slice(-1), min, max };
}

/** A value for each alternative of a type; both ends of a range. */
function samplesOf(type: string): unknown[] {
  const { tokens, items, min, max } = tokensOf(type);
  if (tokens.length === 0 && !items) return ['text', 1, null, { any: ['thing'] }];
  const number = [...new Set([min ?? max ?? 1, max ?? min ?? 1])];
  const one = (token: string): unknown[] =>
    token === 'string'
      ? ['text']
      : token === 'boolean'
        ? [true, false]
        : token === 'integer' || token === 'number'
          ? number
          : token === 'map' || token === 'object'
            ? [{}]
            : [JSON.parse(token)];
  // What the items of an `object[]` are stands in lines of their own.
  const list = items?.includes('object') ? [[]] : items ? [items.flatMap(one)] : [];
  return [...tokens.flatMap(one), ...list];
}

/** Values that no alternative of a type allows. */
function wrongFor(type: string): unknown[] {
  const { tokens, items, min, max } = tokensOf(type);
  const allows = (...names: string[]) => names.some((name) => tokens.includes(name));
  return [
    ...(allows('boolean', 'true') ? [] : [true]),
    ...(allows('string') ? [] : ['a text that nobody expects']),
    ...(allows('number', 'integer') ? [] : [12.5]),
    ...(allows('integer') && !allows('string', 'number') ? [1.5, '1'] : []),
    ...(allows('null') ? [] : [null]),
    ...(items ? [] : [[]]),
    ...(min === undefined ? [] : [min - 1]),
    ...(max === undefined ? [] : [max + 1]),
  ];
}

/** What an object cannot do without. */
function required(path: string): object {
  return /^(?:models\.providers\.<id>\.models|agents\.list)\[\]$/.test(path) ? { id: 'one' } : {};
}

/** A file with one value in it. */
function nest(path: string, value: unknown): Record<string, unknown> {
  const steps = path.replaceAll('[]', '.[]').split('.');
  const inside = steps.reduceRight<unknown>((content, step, depth) => {
    const at = steps.slice(0, depth).join('.').replaceAll('.[]', '[]');
    if (step === '[]') return [content];
    return { ...required(at), [step === '<id>' ? 'name1' : step]: content };
  }, value);
  return inside as Record<string, unknown>;
}

function spell(path: string): string {
  return path.replaceAll('[]', '[0]').replaceAll('<id>', 'name1');
}
