import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHouse } from './house.ts';

const text = `// the root
{
  gateway: { mode: 'local' },
  session: { $include: './session.json5' },
  agents: { $include: ['agents/one.json5', 'agents/two.json5'], defaults: { maxConcurrent: 4 } },
}
`;
const files = {
  'session.json5': "// how we talk\n{\n  mainKey: 'home', // mine\n}\n",
  'agents/one.json5': "{ entries: { one: { name: 'One' } }, defaults: { timeoutSeconds: 5 } }\n",
  'agents/two.json5': "{ entries: { two: { name: 'Two' } } }\n",
};
const openParts = (more: Partial<Parameters<typeof openHouse>[0]> = {}) => openHouse({ text, files, ...more });

describe('a patch of a key that stands in an included file', () => {
  it('changes that file, with its comments, and no other', async () => {
    await using house = await openParts();
    const edited = await house.edit({ patch: { session: { mainKey: 'work', scope: 'global' } } });
    expect(edited.file).toBe(join(house.folder, 'session.json5'));
    expect(edited.changedPaths).toEqual(['session.mainKey', 'session.scope']);
    expect(await house.read('session.json5')).toBe(
      "// how we talk\n{\n  mainKey: 'work', // mine\n  scope: 'global',\n}\n",
    );
    expect(await house.read()).toBe(text);
    expect(await house.read('session.json5.bak')).toBe(files['session.json5']);
    expect(house.live.current().session).toEqual({ mainKey: 'work', scope: 'global' });
  });

  it('finds the one of several, and puts a new key beside the $include', async () => {
    await using house = await openParts();
    await house.edit({ patch: { agents: { entries: { one: { name: 'Uno' } } } } });
    expect(await house.read('agents/one.json5')).toContain("'Uno'");
    await house.edit({ patch: { agents: { defaults: { timeoutSeconds: 9 } } } });
    expect(await house.read('agents/one.json5')).toContain('timeoutSeconds: 9');
    const edited = await house.edit({ patch: { agents: { defaults: { thinkingDefault: 'low' } } } });
    expect(edited.file).toBe(house.path);
    expect(await house.read()).toContain("defaults: { maxConcurrent: 4, thinkingDefault: 'low' }");
    await house.edit({ patch: { agents: { entries: { two: null } } }, allowDestructive: true });
    expect(await house.read('agents/two.json5')).toMatch(/^\{ entries: \{\s*\} \}\n$/);
    expect(house.live.current().agents).toEqual({
      entries: { one: { name: 'Uno' } },
      defaults: { timeoutSeconds: 9, maxConcurrent: 4, thinkingDefault: 'low' },
    });
  });

  it('is refused by name when it takes two files', async () => {
    await using house = await openParts();
    const patch = { session: { mainKey: 'work' }, gateway: { port: 4711 } };
    const error = await house.refusal({ patch });
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'INCLUDED_ELSEWHERE' } });
    expect(error.message).toMatch(/takes 2 files \(.*session\.json5.*\): change them one after the other/);
    expect([await house.read(), await house.read('session.json5')]).toEqual([text, files['session.json5']]);
  });

  it('is refused when the file is included twice, or the key is said by two', async () => {
    await using house = await openHouse({
      text: "{ agents: { entries: { a: { $include: 'x.json5' }, b: { $include: 'x.json5' } } } }",
      files: { 'x.json5': "{ name: 'X' }" },
    });
    const error = await house.refusal({ patch: { agents: { entries: { a: { name: 'Y' } } } } });
    expect(error.message).toMatch(/agents\.entries\.b\.name would not be what it has to be.*x\.json5/);
    expect(await house.read('x.json5')).toBe("{ name: 'X' }");
    await using other = await openHouse({
      text: "{ session: { $include: 'a.json5', mainKey: 'beside' } }",
      files: { 'a.json5': "{ mainKey: 'below' }" },
    });
    const hidden = await other.refusal({ patch: { session: { mainKey: null } } });
    expect(hidden.message).toMatch(/session\.mainKey would not be what it has to be/);
  });

  it('is refused for a whole included file, and for lists with files in them', async () => {
    await using house = await openHouse({
      text: "{ gateway: { mode: 'local' }, session: { $include: 's.json5' }, agents: { list: [{ $include: 'a.json5' }] } }",
      files: { 's.json5': "{ mainKey: 'x' }", 'a.json5': "{ id: 'a' }" },
    });
    const whole = await house.refusal({ patch: { session: null } });
    expect(whole.message).toMatch(/all of session is the included file .*s\.json5.*by hand/);
    const item = await house.refusal({ patch: { agents: { list: [{ id: 'b' }] } }, replacePaths: ['agents.list'] });
    expect(item.message).toMatch(/items of agents\.list stand in files of their own \(.*a\.json5\)/);
  });

  it('is refused for a file outside of the folder', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'openclaw-test-'));
    try {
      await writeFile(join(elsewhere, 'o.json5'), "{ mainKey: 'there' }");
      await using house = await openHouse({
        text: `{ session: { $include: '${elsewhere}/o.json5' } }`,
        env: { OPENCLAW_INCLUDE_ROOTS: elsewhere },
      });
      const error = await house.refusal({ patch: { session: { mainKey: 'here' } } });
      expect(error.message).toContain(`session.mainKey stands in ${elsewhere}/o.json5, outside of the folder`);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('is refused with the place in the included file when the schema refuses it', async () => {
    await using house = await openParts();
    const error = await house.refusal({ patch: { session: { mainKye: 'x' } } });
    expect(error.details?.issues).toMatchObject([
      { file: join(house.folder, 'session.json5'), line: 4, column: 3, nearest: 'session.mainKey' },
    ]);
    expect(await house.read('session.json5')).toBe(files['session.json5']);
  });
});

describe('the state of a configuration in several files', () => {
  it('is another one after an edit by hand of any of them', async () => {
    await using house = await openParts();
    const { hash, includedPaths } = await house.file.read();
    expect(includedPaths).toEqual(Object.keys(files).map((name) => join(house.folder, name)));
    await writeFile(join(house.folder, 'agents/two.json5'), '{}');
    const error = await house.refusal({ patch: { gateway: { port: 1 } }, baseHash: hash ?? '' });
    expect(error.details).toMatchObject({ code: 'BASE_HASH_STALE' });
  });

  it('goes back to an earlier one, file by file', async () => {
    await using house = await openParts();
    await house.edit({ patch: { session: { mainKey: 'one' } } });
    await house.edit({ patch: { gateway: { tools: { deny: ['x'] } } } });
    await house.edit({ patch: { session: { mainKey: 'two' } } });
    const revisions = house.file.revisions();
    expect(revisions.map(({ file }) => file)).toEqual([
      'session.json5',
      undefined,
      undefined,
      'session.json5',
      'session.json5',
    ]);
    const [, , , first] = revisions;
    await house.file.rollback(first?.id ?? 0, 'a test');
    expect(await house.read('session.json5')).toContain("mainKey: 'one'");
    expect(house.live.current()).toMatchObject({ session: { mainKey: 'one' }, gateway: { tools: { deny: ['x'] } } });
  });

  it('is written back to its files when it was read with them in place', async () => {
    await using house = await openParts();
    const whole = { ...house.live.current(), session: { mainKey: 'raw' } };
    const edited = await house.edit({ raw: JSON.stringify(whole) });
    expect(edited.file).toBe(join(house.folder, 'session.json5'));
    expect(await house.read()).toBe(text);
    const own = text.replace("'./session.json5'", "'./agents/one.json5'");
    expect((await house.refusal({ raw: own })).details).toMatchObject({ code: 'INVALID_CONFIG' });
  });
});
