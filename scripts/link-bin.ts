/**
 * Makes `npx openclaw` inside the checkout run the checkout: npm links the commands of dependencies, never those of the
 * root package, and without a link `npx` would fetch the registry's package of that name.
 */
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const link = join(bin, 'openclaw');

await chmod(join(root, 'dist', 'openclaw.mjs'), 0o755);
await mkdir(bin, { recursive: true });
await rm(link, { force: true });
if (process.platform === 'win32') await writeFile(`${link}.cmd`, '@node "%~dp0\\..\\..\\dist\\openclaw.mjs" %*\r\n');
else await symlink(join('..', '..', 'dist', 'openclaw.mjs'), link);
