import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of the repository ends up in a build. */
const sources = ['package.json', 'cli', 'server', 'sdk/protocol', 'sdk/client', 'sdk/node', 'sdk/index.node.ts'];

/** Names the sources that a build is made of: the same sources have the same id, on every machine. */
export function buildId(root = join(import.meta.dirname, '..')): string {
  const hash = createHash('sha256');
  for (const path of sources.flatMap((source) => listFiles(root, source))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function listFiles(root: string, path: string): string[] {
  if (/\.\w+$/.test(path)) return [path];
  const entries = readdirSync(join(root, path)).sort();
  return entries.flatMap((name) => listFiles(root, `${path}/${name}`));
}
