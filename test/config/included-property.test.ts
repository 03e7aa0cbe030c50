import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import JSON5 from 'json5';
import { expect, it } from 'vitest';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { findTarget, requireOutcome } from '../../server/config/include-edit.ts';
import { assemble } from '../../server/config/includes.ts';
import { editJson5 } from '../../server/config/json5-edit.ts';
import type { LoadedConfig } from '../../server/config/load.ts';
import { mergePatch } from '../../server/config/merge-patch.ts';
import { scratch } from '../scratch.ts';

type Tree = Record<string, unknown>;

/** Objects of a few names, so that files often speak of the same key. */
const name = fc.constantFrom('a', 'b', 'c');
const list = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 });
const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y'), list);
const { tree } = fc.letrec<{ tree: Tree; value: unknown }>((tie) => ({
  tree: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('tree')),
}));

/** What a patch makes of files in a folder: the whole before and after, or undefined where it was refused. */
async function edit(folder: string, own: Tree, [one, two]: [Tree, Tree], patch: Tree) {
  const path = join(folder, 'openclaw.json');
  const texts = new Map([
    [join(folder, 'one.json5'), JSON5.stringify(one)],
    [join(folder, 'two.json5'), JSON5.stringify(two)],
  ]);
  const raw = JSON5.stringify(own);
  const whole = await assemble(own, { path, raw }, { env: {}, texts });
  expect(whole.faults).toEqual([]);
  const wanted = mergePatch(whole.value, patch);
  try {
    const target = await findTarget({ ...whole, path, parsed: whole.value } as unknown as LoadedConfig, wanted);
    if (!target) return { wanted, after: whole.value };
    const text = editJson5(target.raw, target.value);
    const isOwn = target.path === path;
    const now = new Map(isOwn ? texts : [...texts, [target.path, text] as const]);
    const next = isOwn ? { path, raw: text } : { path, raw };
    const after = await assemble(JSON5.parse(next.raw), next, { env: {}, texts: now });
    requireOutcome({ ...after, parsed: after.value } as unknown as LoadedConfig, wanted);
    return { wanted, after: after.value };
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'INCLUDED_ELSEWHERE' } });
    return undefined;
  }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await scratch();
  // Only that they are there is asked of the disk.
  for (const file of ['one.json5', 'two.json5']) await writeFile(join(folder.path, file), '{}');
  await use(folder.path);
}

it('an edit inside or outside of a file that is included once leads to what was meant', () =>
  inFolder((folder) =>
    fc.assert(
      fc.asyncProperty(tree, tree, tree, fc.boolean(), async (own, one, patch, isInside) => {
        const root = { ...own, m: { $include: 'one.json5' } };
        const edited = await edit(folder, root, [one, {}], isInside ? { m: patch } : patch);
        expect(edited?.after).toEqual(edited?.wanted);
        expect(edited).toBeDefined();
      }),
      { numRuns: 200 },
    ),
  ));

const names = fc.constantFrom<string | string[]>('one.json5', 'two.json5', ['one.json5', 'two.json5']);

it('an edit of any number of files that speak of the same keys leads to what was meant, or is refused', () =>
  inFolder(async (folder) => {
    const ends = { led: 0, refused: 0 };
    const property = fc.asyncProperty(
      tree,
      fc.option(names),
      names,
      tree,
      tree,
      tree,
      async (own, atRoot, inside, ...rest) => {
        const [one, two, patch] = rest;
        const member = typeof own.a === 'object' && !Array.isArray(own.a) ? own.a : {};
        const root = { ...own, a: { ...member, $include: inside }, ...(atRoot && { $include: atRoot }) };
        const edited = await edit(folder, root, [one, two], patch);
        ends[edited ? 'led' : 'refused']++;
        expect(edited?.after).toEqual(edited?.wanted);
      },
    );
    await fc.assert(property, { numRuns: 400 });
    expect([ends.led > 50, ends.refused > 5]).toEqual([true, true]);
  }));
