import { describe, expect, it } from 'vitest';
import { readSource, readSources, type SourceFile } from './law/imports.ts';
import { idleAllowances, rooms, violations } from './law/rooms.ts';

const houses = ['sdk', 'server', 'cli', 'examples'];
const files = await readSources(houses);
const forbiddenWords = /^(manager|service|helper|util|utils|base|common|core|engine|processor|wrapper|data|info)$/;

/** `toSessionKey` has the words to, session, key. */
const wordsOf = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
/** What the supervisor of an operating system runs is called a service by everybody. */
const isMeant = (word: string, { path }: SourceFile) => word === 'service' && /^cli\/(service|commands)\//.test(path);
const names = (file: SourceFile) => [...file.path.replace(/\.ts$/, '').split('/'), ...file.exported];

describe('the import law', () => {
  it('finds the sources it judges', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => file.imports.length > 0).length).toBeGreaterThan(50);
  });

  it.each(houses)('holds in %s', (house) => {
    const faults = files.filter(({ path }) => path.startsWith(`${house}/`)).flatMap((file) => violations(file));
    expect(faults).toEqual([]);
  });

  it('has a room for every place, and no room without a file', () => {
    const empty = rooms.filter(
      ({ place }) => !files.some(({ path }) => path === place || path.startsWith(`${place}/`)),
    );
    expect(empty.map(({ place }) => place)).toEqual([]);
  });

  it('allows no room what none of its files imports', () => {
    expect(idleAllowances(files)).toEqual([]);
    const store = readSource('server/sessions/store.ts', "import { z } from 'zod'; import type { H3 } from 'h3';");
    const table = [{ place: 'server/sessions', values: ['zod', 'h3'], lazily: ['ws'] }];
    expect(idleAllowances([store], table)).toEqual([
      'server/sessions imports no h3 (value)',
      'server/sessions imports no ws (lazy)',
    ]);
  });

  it('keeps zod out of everything that a browser loads', () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const reached = new Set<string>();
    const walk = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { target, kind } of byPath.get(path)?.imports ?? []) if (kind !== 'type') walk(target);
    };
    walk('sdk/index.ts');
    expect([...reached].filter((path) => /^(zod|ws|node:.*|server\/.*|sdk\/node\/.*)$/.test(path))).toEqual([]);
  });

  it('loads the server from the command line only lazily', () => {
    const eager = files
      .filter(({ path }) => path.startsWith('cli/'))
      .flatMap(({ path, imports }) =>
        imports.filter(({ target, kind }) => kind === 'value' && /^server\/(?!config)/.test(target)).map(() => path),
      );
    expect(eager).toEqual([]);
  });

  it('judges value, type and lazy imports by the table', () => {
    const source = `
      import { z } from 'zod';
      import type { Run } from '../agent/runs.ts';
      import { type Log, createLog } from '../log/log.ts';
      export { app } from '../http/app.ts';
      const later = () => import('ws');
      type Lazy = import('../wire/hub.ts').Hub;
    `;
    expect(violations(readSource('server/sessions/store.ts', source))).toEqual([
      'server/sessions/store.ts imports zod',
      'server/sessions/store.ts imports server/agent/runs.ts (type)',
      'server/sessions/store.ts imports server/http/app.ts',
      'server/sessions/store.ts imports ws (lazy)',
      'server/sessions/store.ts imports server/wire/hub.ts (type)',
    ]);
    expect(violations(readSource('elsewhere/file.ts', ''))).toEqual(['elsewhere/file.ts is in no room of the law']);
  });
});

describe('the style that a machine can see', () => {
  it('has named exports only, and no export *', () => {
    const odd = files.filter((file) => file.odd.length > 0).map(({ path, odd }) => `${path}: ${odd.join(', ')}`);
    expect(odd).toEqual([]);
    expect(readSource('a.ts', "export default 1; export * from './b.ts';").odd).toEqual(['default', 'export *']);
  });

  it('has no index.ts but the entries of the package', () => {
    const entries = files.map(({ path }) => path).filter((path) => /(^|\/)index(\.\w+)?\.ts$/.test(path));
    expect(entries.sort()).toEqual(['sdk/index.node.ts', 'sdk/index.ts']);
  });

  it('avoids names that say nothing', () => {
    const empty = files.flatMap((file) =>
      names(file)
        .filter((name) => wordsOf(name).some((word) => forbiddenWords.test(word) && !isMeant(word, file)))
        .map((name) => `${file.path}: ${name}`),
    );
    expect(empty).toEqual([]);
  });
});
