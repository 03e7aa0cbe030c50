import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { actedOn } from '../../server/config/acted-on.ts';
import { loadConfig } from '../../server/config/load.ts';
import { scratch } from '../scratch.ts';

const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json5\n(.*?)```/gs)].map(([, text = '']) => text);
const variables = Object.fromEntries([...page.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => [name, 'value']));

describe('docs/configuration.md', () => {
  it('describes every key that has an effect', () => {
    expect(actedOn.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });

  it('describes no other key', () => {
    const described = [...page.matchAll(/^\| `((?:gateway|agents|models|session|logging)\.[^`]+)`/gm)].map(
      ([, key]) => key,
    );
    const known: readonly string[] = actedOn;
    expect(described.filter((key) => !known.includes(key ?? ''))).toEqual([]);
    expect(described).toHaveLength(new Set(described).size);
  });

  it('has examples that the gateway accepts, and acts on wholly', async () => {
    expect(examples.length).toBeGreaterThanOrEqual(7);
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    for (const example of examples) {
      await writeFile(path, example);
      expect((await loadConfig({ path, env: variables })).warnings, example).toEqual([]);
    }
  });

  it('shows the error that a wrong file gives', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    await writeFile(path, "{\n  gateway: {\n    prot: 1,\n    bind: 'lann',\n  },\n}\n");
    const error: Error = await loadConfig({ path, env: {} }).then(
      () => new Error('accepted'),
      (thrown) => thrown,
    );
    expect(page).toContain(error.message.replaceAll(path, '/home/me/.openclaw/openclaw.json'));
  });
});
