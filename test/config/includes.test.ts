import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { type LocatedIssue, loadConfig } from '../../server/config/load.ts';
import { createPlaces } from '../../server/config/origins.ts';
import { scratch } from '../scratch.ts';

type Files = Record<string, string>;

async function place(folder: string, files: Files): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, 'openclaw.json');
}

async function load(files: Files, env: Record<string, string> = {}) {
  await using folder = await scratch();
  const loaded = await loadConfig({ path: await place(folder.path, files), env });
  return { ...loaded, names: loaded.files.map((file) => file.slice(folder.path.length + 1)) };
}

/** `file:line:column code path: message`, files without their folder. */
async function refuse(files: Files, env: Record<string, string> = {}) {
  await using folder = await scratch();
  const error: unknown = await loadConfig({ path: await place(folder.path, files), env }).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!isGatewayError(error)) throw new Error(`accepted, or failed otherwise: ${String(error)}`);
  expect(error.code).toBe('INVALID_CONFIG');
  const bare = (text: string) => text.replaceAll(`${folder.path}/`, '').replaceAll(folder.path, '.');
  const { issues, files: wanted } = error.details as { issues: LocatedIssue[]; files: string[] };
  return {
    message: bare(error.message),
    wanted: wanted.map(bare),
    issues: issues.map(
      ({ file, line, column, code, path, message }) =>
        `${bare(file)}:${line}:${column} ${code} ${path}: ${bare(message)}`,
    ),
  };
}

describe('$include', () => {
  it('stands for the object it is in, relative to the file that names it', async () => {
    const { config, names, parsed, raw } = await load({
      'openclaw.json': "{ session: { $include: './parts/session.json5' } }",
      'parts/session.json5': "// mine\n{ $include: './deeper.json5' }",
      'parts/deeper.json5': "{ mainKey: 'home' }",
    });
    expect(config).toEqual({ session: { mainKey: 'home' } });
    expect(parsed).toEqual({ session: { mainKey: 'home' } });
    expect(raw).toContain('$include');
    expect(names).toEqual(['openclaw.json', 'parts/session.json5', 'parts/deeper.json5']);
  });

  it('merges several in their order, the later wins, and the keys beside it win over all', async () => {
    const { config } = await load({
      'openclaw.json': "{ $include: ['a.json5', 'b.json5'], session: { mainKey: 'beside' } }",
      'a.json5':
        "{ session: { mainKey: 'a', scope: 'global' }, logging: { level: 'debug', redactPatterns: ['a', 'b'] } }",
      'b.json5': "{ session: { mainKey: 'b' }, logging: { redactPatterns: ['c'] } }",
    });
    expect(config).toEqual({
      session: { mainKey: 'beside', scope: 'global' },
      logging: { level: 'debug', redactPatterns: ['c'] },
    });
  });

  it('may stand for a list, in a list, and twice for the same file', async () => {
    const { config, names } = await load({
      'openclaw.json': `{
        logging: { redactPatterns: { $include: 'patterns.json5' } },
        agents: { list: [{ $include: 'one.json5', id: 'a' }, { $include: 'one.json5', id: 'b' }] },
      }`,
      'patterns.json5': "['x']",
      'one.json5': "{ id: 'none', name: 'One' }",
    });
    expect(config).toEqual({
      logging: { redactPatterns: ['x'] },
      agents: { entries: { a: { name: 'One' }, b: { name: 'One' } } },
    });
    expect(names).toEqual(['openclaw.json', 'patterns.json5', 'one.json5']);
  });

  it('fills in variables in included files as in the file itself', async () => {
    const { config, warnings } = await load(
      { 'openclaw.json': "{ session: { $include: 's.json5' } }", 's.json5': `{ mainKey: "\${KEY}-\${NONE}" }` },
      { KEY: 'k' },
    );
    expect(config.session?.mainKey).toBe(`k-\${NONE}`);
    expect(warnings.map(({ path }) => path)).toEqual(['session.mainKey']);
  });

  it('tells where every value stands', async () => {
    const { origin, sources } = await load({
      'openclaw.json': "{\n  $include: 'a.json5',\n  session: { mainKey: 'm' },\n}",
      'a.json5': "{\n\n  session: { scope: 'global' } }",
    });
    const locate = createPlaces(origin, sources);
    const at = (...steps: string[]) => {
      const { file, line, column } = locate(steps);
      return `${file.split('/').at(-1)}:${line}:${column}`;
    };
    expect(at('session', 'mainKey')).toBe('openclaw.json:3:14');
    expect(at('session', 'scope')).toBe('a.json5:3:14');
    expect(at('session', 'dmScope')).toBe('openclaw.json:3:3');
    expect(at('gateway', 'port')).toBe('openclaw.json:1:1');
  });

  it('may lead through links inside of the folder, and to the folders of OPENCLAW_INCLUDE_ROOTS', async () => {
    await using folder = await scratch();
    await using elsewhere = await scratch();
    const path = await place(folder.path, {
      'openclaw.json': `{ session: { $include: 'link.json5' }, logging: { $include: '${elsewhere.path}/l.json5' } }`,
      'real.json5': "{ mainKey: 'linked' }",
    });
    await symlink('real.json5', join(folder.path, 'link.json5'));
    await writeFile(join(elsewhere.path, 'l.json5'), "{ level: 'debug' }");
    const env = { OPENCLAW_INCLUDE_ROOTS: `/nowhere${delimiter}${elsewhere.path}` };
    const { config } = await loadConfig({ path, env });
    expect(config).toEqual({ session: { mainKey: 'linked' }, logging: { level: 'debug' } });
  });
});

describe('a fault of $include', () => {
  it('in an included file is told with its own file, line and column', async () => {
    const { issues, message } = await refuse({
      'openclaw.json': "{\n  gateway: { prot: 1 },\n  agents: { $include: './agents.json5' },\n}",
      'agents.json5': '{\n  defaults: {\n    maxConcurent: 8,\n    timeoutSeconds: "x" } }',
    });
    expect(issues).toEqual([
      'openclaw.json:2:14 UNKNOWN_KEY gateway.prot: unrecognized key "prot"; did you mean gateway.port?',
      'agents.json5:3:5 UNKNOWN_KEY agents.defaults.maxConcurent: unrecognized key "maxConcurent"; did you mean agents.defaults.maxConcurrent?',
      expect.stringMatching(/^agents\.json5:4:5 INVALID_VALUE agents\.defaults\.timeoutSeconds: expected/),
    ]);
    expect(message).toContain('\n  agents.json5:3:5 — agents.defaults: Unrecognized key: "maxConcurent"');
  });

  it('is a file that is missing, no JSON5, or no UTF-8; all are told, and all are wanted', async () => {
    const { issues, wanted, message } = await refuse({
      'openclaw.json': "{\n session: { $include: 'none.json5' },\n agents: { $include: 'broken.json5' } }",
      'broken.json5': '{\n  a: 1\n  b: 2 }',
    });
    expect(issues).toEqual([
      'openclaw.json:2:13 FILE_MISSING session.$include: "none.json5": none.json5 does not exist',
      "broken.json5:3:3 SYNTAX : not valid JSON5: invalid character 'b'",
    ]);
    expect(wanted).toEqual(['openclaw.json', 'none.json5', 'broken.json5']);
    expect(message).toMatch(/^Invalid config at openclaw\.json:\n/);
  });

  it('is a circle, with its way', async () => {
    const { issues } = await refuse({
      'openclaw.json': "{ session: { $include: 'a.json5' } }",
      'a.json5': "{ $include: 'b.json5' }",
      'b.json5': "{ $include: 'a.json5' }",
    });
    expect(issues).toEqual([
      'b.json5:1:3 INCLUDE_CIRCULAR $include: "a.json5" includes itself: a.json5 -> b.json5 -> a.json5',
    ]);
  });

  it('is an eleventh level, where ten are fine', async () => {
    const chain = (levels: number): Files => ({
      'openclaw.json': "{ session: { $include: '1.json5' } }",
      ...Object.fromEntries(
        Array.from({ length: levels }, (_, at) => [
          `${at + 1}.json5`,
          at + 1 === levels ? "{ mainKey: 'deep' }" : `{ $include: '${at + 2}.json5' }`,
        ]),
      ),
    });
    expect((await load(chain(10))).config).toEqual({ session: { mainKey: 'deep' } });
    expect((await refuse(chain(11))).issues).toEqual([
      '10.json5:1:3 INCLUDE_TOO_DEEP $include: "11.json5" would be level 11 of files in files; 10 are read',
    ]);
  });

  it('is a file outside of the folder, also behind a link', async () => {
    await using outside = await scratch();
    await writeFile(join(outside.path, 'o.json5'), '{}');
    await using folder = await scratch();
    const path = await place(folder.path, {
      'openclaw.json': `{ session: { $include: '../x.json5' }, agents: { $include: 'l.json5' }, ui: { $include: '${outside.path}/o.json5' } }`,
    });
    await symlink(join(outside.path, 'o.json5'), join(folder.path, 'l.json5'));
    const error = await loadConfig({ path, env: {} }).catch((thrown) => thrown);
    expect(error.details.issues.map(({ code }: LocatedIssue) => code)).toEqual(Array(3).fill('INCLUDE_OUTSIDE'));
    expect(error.message).toContain('OPENCLAW_INCLUDE_ROOTS');
  });

  it.skipIf(process.platform === 'win32')('is a pipe, which nobody writes to', async () => {
    await using folder = await scratch();
    const path = await place(folder.path, { 'openclaw.json': "{ ui: { $include: 'pipe' } }" });
    execFileSync('mkfifo', [join(folder.path, 'pipe'), join(folder.path, 'active')]);
    const error = await loadConfig({ path, env: {} }).catch((thrown) => thrown);
    expect(error.message).toMatch(/"pipe": .*pipe is no regular file/);
    const active = await loadConfig({ path: join(folder.path, 'active'), env: {} }).catch((thrown) => thrown);
    expect(active.message).toContain('the file is no regular file');
  });

  it('is a file without end, and one that grows by being named again and again', async () => {
    await using folder = await scratch();
    const path = await place(folder.path, {
      'openclaw.json': `{ ui: { $include: [${"'a.json5', ".repeat(400)}] }, agents: { $include: 'endless.json5' } }`,
      'a.json5': `{} // ${'x'.repeat(50_000)}`,
    });
    await writeFile(join(folder.path, 'endless.json5'), '');
    await truncate(join(folder.path, 'endless.json5'), 8e9);
    const error = await loadConfig({ path, env: {} }).catch((thrown) => thrown);
    expect(error.details.issues.map(({ code }: LocatedIssue) => code)).toEqual([
      'INCLUDE_TOO_LARGE',
      'FILE_UNREADABLE',
    ]);
    expect(error.message).toContain('is larger than 4194304 bytes');
  });

  it.each(['7', '{}', '[]', '""', '[1]'])('is $include: %s', async (named) => {
    const { issues } = await refuse({ 'openclaw.json': `{ ui: { $include: ${named} } }` });
    expect(issues).toEqual([
      'openclaw.json:1:9 INCLUDE_INVALID ui.$include: expected the name of a file, or a list of them',
    ]);
  });

  it('is something to be merged that is no object', async () => {
    const { issues } = await refuse({ 'openclaw.json': "{ ui: { $include: 'l.json5', a: 1 } }", 'l.json5': '[]' });
    expect(issues).toMatchObject([/^l\.json5:1:1 INCLUDE_NOT_MERGEABLE : the file has to hold an object/]);
  });

  it('is a bush of files that include each other', async () => {
    const names = (level: number) => Array.from({ length: 10 }, () => `'${level}.json5'`).join();
    const bush = Object.fromEntries(
      [1, 2, 3, 4].map((level) => [`${level}.json5`, `{ $include: [${names(level + 1)}] }`]),
    );
    const { issues } = await refuse({
      'openclaw.json': `{ ui: { $include: [${names(1)}] } }`,
      ...bush,
      '5.json5': '{}',
    });
    expect(issues).toEqual([expect.stringContaining('INCLUDE_TOO_MANY')]);
  });
});
