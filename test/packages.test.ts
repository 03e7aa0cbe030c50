import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

describe('the package openclaw', () => {
  it('has nothing that publint objects to', async () => {
    const { messages } = await publint({ pkgDir: root, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  it('packs what runs and what the guide answers from, and no sources', async () => {
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
    });
    const packed = JSON.parse(stdout);
    const [{ files }] = Array.isArray(packed) ? packed : (Object.values(packed) as [{ files: { path: string }[] }]);
    const paths = files.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['dist/openclaw.mjs', 'dist/main.mjs', 'docs/cli.md', 'package.json', 'LICENSE']),
    );
    expect(paths.filter((path: string) => /\.ts$|^(test|server|cli|sdk)\//.test(path))).toEqual([]);
  });

  it('is no other product of that name', () => {
    expect({ ...manifest.dependencies, ...manifest.devDependencies }).not.toHaveProperty('openclaw');
  });
});

describe('the lockfile', () => {
  it('has the bindings of every platform, so that npm ci works on all of them', async () => {
    const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});
