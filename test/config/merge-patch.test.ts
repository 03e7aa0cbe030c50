import { describe, expect, it } from 'vitest';
import { mergePatch, mergePatchGuarded } from '../../server/config/merge-patch.ts';

describe('a merge patch', () => {
  // The table of RFC 7396, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (base, patch, merged) => {
    expect(mergePatch(base, patch)).toEqual(merged);
  });

  it('keeps the order of members, and names of the prototype', () => {
    const merged = mergePatch({ b: 1, a: 2 }, JSON.parse('{ "c": 3, "b": 4, "__proto__": { "x": 1 } }'));
    expect(Object.keys(merged as object)).toEqual(['b', 'a', 'c', '__proto__']);
    expect({}).not.toHaveProperty('x');
  });
});

describe('a patch from outside', () => {
  const base = {
    gateway: { controlUi: { allowedOrigins: ['https://a', 'https://b'] } },
    models: { providers: { up: { models: [{ id: 'one', input: ['text', 'image'] }, { id: 'two' }] } } },
  };
  const origins = (allowedOrigins: unknown) => ({ gateway: { controlUi: { allowedOrigins } } });

  it('adds to a list, and puts it into another order', () => {
    const list = ['https://b', 'https://c', 'https://a'];
    expect(mergePatchGuarded(base, origins(list), [])).toMatchObject(origins(list));
  });

  it.each([
    [origins(['https://a']), 'gateway.controlUi.allowedOrigins'],
    [origins([]), 'gateway.controlUi.allowedOrigins'],
    [origins(null), 'gateway.controlUi.allowedOrigins'],
    [origins('https://a'), 'gateway.controlUi.allowedOrigins'],
    [{ gateway: null }, 'gateway.controlUi.allowedOrigins'],
    [{ models: { providers: { up: null } } }, 'models.providers.up.models'],
    [
      { models: { providers: { up: { models: [{ id: 'one', input: ['text'] }] } } } },
      'models.providers.up.models[].input',
    ],
  ])('that takes entries out is refused unless the list is named: %j', (patch, path) => {
    expect(() => mergePatchGuarded(base, patch, ['gateway', 'models', '*'])).toThrow(`name "${path}" in replacePaths`);
    expect(() => mergePatchGuarded(base, patch, [path])).not.toThrow();
  });

  it('merges entries with an id, and leaves the others', () => {
    const patch = { models: { providers: { up: { models: [{ id: 'two', name: 'Two' }, { id: 'three' }] } } } };
    expect(mergePatchGuarded(base, patch, [])).toMatchObject({
      models: {
        providers: {
          up: { models: [base.models.providers.up.models[0], { id: 'two', name: 'Two' }, { id: 'three' }] },
        },
      },
    });
    const replaced = mergePatchGuarded(base, patch, ['models.providers.up.models']);
    expect(replaced).toMatchObject(patch);
  });
});
