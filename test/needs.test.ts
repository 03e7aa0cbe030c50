import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { root } from './law/imports.ts';
import { findProgram, withoutIt } from './needs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a program that tests need', () => {
  it('is installed by .ci/run, unless every Debian has it or none', async () => {
    const [, wanted = ''] = /^wanted=\(([^)]*)\)/m.exec(readFileSync(join(root, '.ci', 'run'), 'utf8')) ?? [];
    const installed = wanted.split(/\s+/).map((pair) => pair.split(':')[0]);
    const named = new Set<string | undefined>();
    for await (const file of glob('test/**/*.ts', { cwd: root, exclude: ['test/needs.test.ts'] }))
      for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(/\bfindProgram\('([^']+)'/g))
        named.add(name);
    const [everywhere, nowhere] = ['bash', 'pwsh'];
    expect([...named].filter((name) => name !== everywhere && name !== nowhere).sort()).toEqual(installed.sort());
  });

  it('is found in the folders for administrators too', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.stubEnv('PATH', '');
    expect(findProgram('no-such-program-anywhere', 'nothing')).toBeUndefined();
    vi.stubEnv('PATH', process.execPath.replace(/[/\\][^/\\]*$/, ''));
    expect(findProgram('node', 'nothing')).toBe(process.execPath);
  });

  it('is missed aloud, and with a failure where it was promised', () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(withoutIt('no-such-program', 'nothing')).toBeUndefined();
    expect(said).toHaveBeenCalledWith(expect.stringContaining('NOT RUN: the tests of nothing need no-such-program'));
    vi.stubEnv('OPENCLAW_TESTS_NEED', 'lsof,no-such-program');
    expect(() => findProgram('no-such-program', 'nothing')).toThrow('was to be here for the tests of nothing');
  });
});
