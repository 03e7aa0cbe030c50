import { chmod, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import JSON5 from 'json5';
import { describe, expect, it } from 'vitest';
import { keepAside, keepBackup, keepLastGood } from '../../server/config/backups.ts';
import { loadConfig } from '../../server/config/load.ts';
import { scratch } from '../scratch.ts';
import { openHouse } from './house.ts';

const text = "{ gateway: { mode: 'local' }, session: { mainKey: 'zero' } }\n";
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('own writes', () => {
  it('keep the five texts before, newest first, for their owner alone', async () => {
    await using house = await openHouse({ text });
    for (const name of ['one', 'two', 'three', 'four', 'five', 'six', 'seven'])
      await house.edit({ patch: { session: { mainKey: name } } });
    const kept = ['.bak', '.bak.1', '.bak.2', '.bak.3', '.bak.4'];
    const texts = await Promise.all(kept.map((end) => house.read(`openclaw.json${end}`)));
    expect(texts.map((one) => /mainKey: '(\w+)'/.exec(one)?.[1])).toEqual(['six', 'five', 'four', 'three', 'two']);
    expect((await readdir(house.folder)).filter((name) => name.includes('.bak'))).toHaveLength(5);
    for (const end of kept) expect(await modeOf(`${house.path}${end}`)).toBe(0o600);
    expect(await modeOf(house.path)).toBe(0o600);
  });

  it('that change nothing, or are refused, keep no backup', async () => {
    await using house = await openHouse({ text });
    await house.edit({ patch: { session: { mainKey: 'zero' } } });
    await house.refusal({ patch: { nonsense: 1 } });
    expect((await readdir(house.folder)).filter((name) => name.includes('.bak'))).toEqual([]);
    await keepBackup(house.path, text);
    await keepBackup(house.path, text);
    expect((await readdir(house.folder)).filter((name) => name.includes('.bak'))).toEqual(['openclaw.json.bak']);
  });

  it.each([
    ['the schema refuses', { gateway: { prot: 1 } }, 'INVALID_CONFIG'],
    ['drop gateway.mode', { gateway: { mode: null } }, 'DESTRUCTIVE_WRITE'],
    ['take out more than half', { session: null }, 'DESTRUCTIVE_WRITE'],
    ['could not be started with', { gateway: { bind: 'lan', auth: { mode: 'none' } } }, 'INVALID_CONFIG'],
  ])('that %s are kept as .rejected.<time>, and the file stays', async (_, patch, code) => {
    await using house = await openHouse({
      text: "{ gateway: { mode: 'local' }, session: { mainKey: 'a much longer text' } }\n",
    });
    const before = await house.read();
    const error = await house.refusal({ patch });
    expect(error.details).toMatchObject({
      code,
      rejected: expect.stringMatching(/openclaw\.json\.rejected\.\d{4}-[\dTZ-]+$/),
    });
    const { rejected } = error.details as { rejected: string };
    expect(error.message).toContain(rejected);
    expect(await modeOf(rejected)).toBe(0o600);
    expect(await house.read()).toBe(before);
    expect(await house.read(rejected.slice(house.folder.length + 1))).not.toBe(before);
  });

  it('begin anew when an editor was faster, so that nothing of its work is lost', async () => {
    let path = '';
    const edits = ["{ gateway: { mode: 'local' }, logging: { level: 'debug' } }\n"];
    const beforeWrite = async () => {
      const next = edits.shift();
      if (next === undefined) return;
      await writeFile(`${path}.swp`, next);
      await rename(`${path}.swp`, path);
    };
    await using house = await openHouse({ text, beforeWrite });
    path = house.path;
    await house.edit({ patch: { session: { mainKey: 'ours' } } });
    expect(JSON5.parse(await house.read())).toEqual({
      gateway: { mode: 'local' },
      logging: { level: 'debug' },
      session: { mainKey: 'ours' },
    });
    edits.push("{ gateway: { mode: 'local' }, session: { mainKey: 'theirs' } }\n");
    const { hash } = await house.file.read();
    const error = await house.refusal({ patch: { session: { mainKey: 'again' } }, baseHash: hash ?? '' });
    expect(error.details).toMatchObject({ code: 'BASE_HASH_STALE' });
    expect(await house.read()).toContain('theirs');
  });

  it('are refused where somebody else looks after the file', async () => {
    await using house = await openHouse({ text, env: { OPENCLAW_CONFIG_READONLY: '1' } });
    const error = await house.refusal({ patch: { session: { mainKey: 'ours' } } });
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'CONFIG_READONLY' } });
    expect([await house.read(), house.file.revisions()]).toEqual([text, []]);
  });

  it('give up when a program writes the file all the time', async () => {
    let path = '';
    let round = 0;
    const beforeWrite = () => writeFile(path, `{ gateway: { mode: 'local' }, session: { mainKey: 'r${round++}' } }\n`);
    await using house = await openHouse({ text, beforeWrite });
    path = house.path;
    const error = await house.refusal({ patch: { session: { mainKey: 'ours' } } });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'CONFIG_BUSY' } });
    expect(await house.read()).toContain(`r${round - 1}`);
  });
});

it('refused texts are bounded in number, the newest stay', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'openclaw.json');
  for (let round = 0; round < 12; round++) await keepAside(path, 'rejected', `text ${round}`, 8);
  expect(await readdir(folder.path)).toHaveLength(8);
});

describe('the last good configuration', () => {
  it('is a copy of every file in the folder, for its owner alone', async () => {
    await using house = await openHouse({
      text: "{ session: { $include: 's.json5' } }",
      files: { 's.json5': "{ mainKey: 'x' }" },
    });
    await chmod(house.path, 0o644);
    await keepLastGood(await loadConfig({ path: house.path, env: {} }));
    expect(await house.read('openclaw.json.last-good')).toBe(await house.read());
    expect(await house.read('s.json5.last-good')).toBe("{ mainKey: 'x' }");
    expect(await modeOf(`${house.path}.last-good`)).toBe(0o600);
  });
});
