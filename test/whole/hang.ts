import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The environment of a process in which a file never opens, and another is never deleted, as on a disk that has gone away: what waits for
 * them hangs.
 */
export async function hangOn(folder: string, { opening, deleting }: { opening?: string; deleting?: string }) {
  const script = join(folder, 'hang.mjs');
  const never = (name: string, file: string | undefined) =>
    file
      ? `const ${name} = fs.${name}; fs.${name} = (path, ...more) => String(path).endsWith(${JSON.stringify(file)}) ? new Promise(() => {}) : ${name}(path, ...more);`
      : '';
  const text = [
    "import fs from 'node:fs/promises';",
    "import { syncBuiltinESMExports } from 'node:module';",
    never('open', opening),
    never('rm', deleting),
    'syncBuiltinESMExports();',
  ];
  await writeFile(script, text.join('\n'));
  return { NODE_OPTIONS: `--import=${script}` };
}
