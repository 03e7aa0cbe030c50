import { describe, expect, it } from 'vitest';
import { findFaults } from '../../server/config/faults.ts';
import { findKey } from '../../server/config/key-tree.ts';
import { findLegacyKeys, legacyKeys, moveLegacyKeys } from '../../server/config/legacy-keys.ts';
import { repairFile } from '../../server/config/repair.ts';

const spell = (steps: readonly string[]) => steps.map((step) => (step === '*' ? 'main' : step));

describe('the table of legacy keys', () => {
  it.each(legacyKeys.map((key) => [key.from.join('.'), key] as const))('%s is unknown today', (_, { from, to }) => {
    expect(findKey(spell(from))).toBeUndefined();
    if (to) expect(findKey(spell(to)), to.join('.')).toBeDefined();
  });
});

describe('moving legacy keys', () => {
  it('moves a value, and takes out the objects that held nothing else', () => {
    const file = { gateway: { nodes: { skills: { enabled: true } }, token: 'abc' }, session: { idleMinutes: 5 } };
    expect(moveLegacyKeys(file)).toEqual({
      gateway: { nodes: { allowSkills: true }, auth: { token: 'abc' } },
      session: { reset: { idleMinutes: 5 } },
    });
    expect(file.gateway.token).toBe('abc');
  });

  it('leaves a value that the new key has, and says so', () => {
    const file = { gateway: { token: 'old', auth: { token: 'new' } } };
    expect(moveLegacyKeys(file)).toEqual({ gateway: { auth: { token: 'new' } } });
    expect(findLegacyKeys(file).map(({ message }) => message)).toEqual([
      'gateway.token is now gateway.auth.token, which is set as well and wins',
    ]);
  });

  it('follows names of the user’s choice', () => {
    const file = { agents: { entries: { a: { memorySearch: { enabled: true } }, b: { name: 'B' } } } };
    expect(moveLegacyKeys(file)).toEqual({
      agents: { entries: { a: { memory: { search: { enabled: true } } }, b: { name: 'B' } } },
    });
  });

  it('brings over what has another form now, and says what it cannot', () => {
    expect(moveLegacyKeys({ session: { maintenance: { pruneDays: 30 } } })).toEqual({
      session: { maintenance: { pruneAfter: '30d' } },
    });
    const odd = { session: { maintenance: { pruneDays: 'often' } } };
    expect(moveLegacyKeys(odd)).toEqual({});
    expect(findLegacyKeys(odd)[0]?.message).toMatch(/cannot be brought over/);
  });
});

describe('repairing a file', () => {
  it('takes out unknown keys at every level, and leaves the rest', () => {
    const { file, repairs } = repairFile(
      {
        nonsense: 1,
        gateway: { mode: 'local', prot: 1, auth: { nothing: { deep: true } } },
        models: { providers: { a: { baseUrl: 'http://127.0.0.1', api: 'ollama', models: [{ id: 'x', odd: 1 }] } } },
      },
      {},
    );
    expect(file).toEqual({
      gateway: { mode: 'local' },
      models: { providers: { a: { baseUrl: 'http://127.0.0.1', api: 'ollama', models: [{ id: 'x' }] } } },
    });
    expect(repairs.map(({ path }) => path).sort()).toEqual([
      'gateway.auth.nothing',
      'gateway.prot',
      'models.providers.a.models[0].odd',
      'nonsense',
    ]);
  });

  it('writes a number and a switch as what they are, within their range only', () => {
    const { file, repairs } = repairFile({ gateway: { port: '18789', controlUi: { enabled: 'TRUE' } } }, {});
    expect(file).toEqual({ gateway: { port: 18789, controlUi: { enabled: true } } });
    expect(repairs.map(({ change }) => change)).toEqual(['writes it as 18789', 'writes it as true']);
    const outside = { gateway: { port: '99999' } };
    expect(repairFile(outside, {})).toEqual({ file: outside, repairs: [] });
    expect(repairFile({ gateway: { port: 'eighty' } }, {}).repairs).toEqual([]);
  });

  it('leaves what includes other files', () => {
    const file = { $include: './common.json5', gateway: { $include: ['a.json5', 'b.json5'], prot: 1, mode: 'local' } };
    expect(repairFile(file, {}).file).toEqual({
      $include: './common.json5',
      gateway: { $include: ['a.json5', 'b.json5'], mode: 'local' },
    });
  });

  it('finds nothing to do in a file that is in order, and does nothing twice', () => {
    const broken = { gateway: { port: '18789', token: 'x', prot: 2 } };
    const { file } = repairFile(broken, {});
    expect(repairFile(file, {})).toEqual({ file, repairs: [] });
    expect(findFaults(file, file)).toEqual([]);
  });
});
