import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultOf } from '../../server/config/defaults.ts';
import { findKey, listKeys } from '../../server/config/key-tree.ts';
import { namespaces } from '../../server/config/keys.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'configuration.md');
const toSteps = (key: string) =>
  key
    .replaceAll('[]', '.0')
    .split('.')
    .map((step) => (step === '0' ? 0 : step));

it('the defaults that explain tells are those of docs/configuration.md', async () => {
  const rows = [...(await readFile(page, 'utf8')).matchAll(/^\| `([^`|]+)` \| [^|]* \| ([^|]*) \| [^|]*\|$/gm)];
  const documented = new Map(
    rows.map(([, key = '', text = '']) => [
      key,
      text
        .trim()
        .replaceAll('`', '')
        .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1'),
    ]),
  );
  const known = namespaces.flatMap(listKeys).flatMap((key) => {
    const value = defaultOf(toSteps(key));
    return value === undefined ? [] : [[key, value] as const];
  });
  expect(known.length).toBeGreaterThan(100);
  expect(known.filter(([key, value]) => documented.get(key) !== value)).toEqual([]);
  expect(known.every(([key]) => findKey(toSteps(key)))).toBe(true);
});
