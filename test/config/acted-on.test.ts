import { describe, expect, expectTypeOf, it } from 'vitest';
import { actedOn, isActedOn, warnOfIdleKeys } from '../../server/config/acted-on.ts';
import type { Config } from '../../server/config/config.ts';
import { listKeys } from '../../server/config/key-tree.ts';
import { namespaces } from '../../server/config/keys.ts';

/** The keys of config.ts, spelled as in the key table. */
type Keys<T, Above extends string = ''> = T extends readonly (infer Item)[]
  ? NonNullable<Item> extends object
    ? Keys<NonNullable<Item>, `${Above}[]`>
    : Above
  : T extends object
    ? string extends keyof T
      ? Keys<NonNullable<T[keyof T]>, `${Above}.<id>`>
      : { [K in keyof T & string]-?: Keys<NonNullable<T[K]>, Above extends '' ? K : `${Above}.${K}`> }[keyof T & string]
    : Above;

describe('the keys that the gateway acts on', () => {
  it('are exactly those of config.ts', () => {
    expectTypeOf<(typeof actedOn)[number]>().toEqualTypeOf<Keys<Config>>();
  });

  it('are all in the key table', () => {
    const known = new Set(namespaces.flatMap(listKeys));
    expect(actedOn.filter((key) => !known.has(key))).toEqual([]);
    expect(actedOn).toHaveLength(new Set(actedOn).size);
  });

  it('are found from the paths of a file', () => {
    expect(isActedOn(['gateway', 'port'])).toBe(true);
    expect(isActedOn(['agents', 'entries', 'main', 'model', 'primary'])).toBe(true);
    expect(isActedOn(['agents', 'list', 0, 'name'])).toBe(true);
    expect(isActedOn(['models', 'providers', 'x', 'models', 3, 'id'])).toBe(true);
    expect(isActedOn(['gateway', 'tailscale', 'preserveFunnel'])).toBe(false);
    expect(isActedOn(['gateway', 'unheardOf'])).toBe(false);
  });
});

describe('warnings', () => {
  const warned = (file: Record<string, unknown>) =>
    warnOfIdleKeys(file).map(({ path, message }) => `${path}: ${message}`);
  const idle = 'accepted, but this version does not act on it yet';

  it('are not given for what has an effect, nor for notes of tools', () => {
    const file = {
      $schema: 'https://example.org/schema.json',
      meta: { lastTouchedVersion: '2026.9.6' },
      wizard: { lastRunAt: 'today' },
      gateway: { port: 1, auth: { token: 'x' }, controlUi: { allowedOrigins: ['https://a'] } },
      agents: { list: [{ id: 'a', model: { primary: 'a/b', fallbacks: [] } }] },
      models: { providers: { x: { headers: { a: 'b' }, models: [{ id: 'm', input: ['text'] }] } } },
    };
    expect(warned(file)).toEqual([]);
  });

  it('name a key beside those that have one', () => {
    expect(warned({ gateway: { port: 1, publicOrigin: 'https://a' } })).toEqual([`gateway.publicOrigin: ${idle}`]);
    expect(warned({ agents: { list: [{ id: 'a', skills: ['x'] }] } })).toEqual([`agents.list[0].skills: ${idle}`]);
  });

  it('are one for keys that stand together, and name them', () => {
    expect(warned({ channels: { telegram: { enabled: true, botToken: 'x' } } })).toEqual([
      `channels: ${idle} (channels.telegram.enabled, channels.telegram.botToken)`,
    ]);
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`key${index}`, 1]));
    expect(warned({ talk: many })[0]).toMatch(/talk\.key5 and 3 more\)$/);
    expect(warned({ bindings: [{ agentId: 'a' }, { agentId: 'b' }] })).toEqual([`bindings: ${idle}`]);
  });
});
