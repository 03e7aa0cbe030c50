/** Builds when `dist` is missing or older than a source, so that `npm start` never runs yesterday's code. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sources = ['cli', 'sdk', 'server', 'scripts', 'package.json', 'tsdown.config.ts'];
const outputs = [join(root, 'dist', 'main.mjs'), join(root, 'sdk', 'dist')];

/** True when every output is there and no source is newer. */
export async function isFresh(): Promise<boolean> {
  if (!outputs.every((path) => existsSync(path))) return false;
  const built = Math.min(...(await Promise.all(outputs.map(async (path) => (await stat(path)).mtimeMs))));
  const changed = await Promise.all(sources.map((name) => newest(join(root, name))));
  return Math.max(...changed) <= built;
}

/** Runs the build of both packages. @throws Error when it fails. */
export function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('the build failed; run "npm run build" to see why');
}

if (import.meta.main && !(await isFresh())) build();

// --- internal ---

async function newest(path: string): Promise<number> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  const names = (await readdir(path)).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(0, ...(await Promise.all(names.map((name) => newest(join(path, name))))));
}
