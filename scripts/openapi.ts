/** Writes docs/openapi.json from the schemas of the routes. A test holds the file against {@link renderOpenApi}. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApiDocument } from '../server/http/openapi/document.ts';

const root = join(import.meta.dirname, '..');
export const openApiPath = join(root, 'docs', 'openapi.json');

export async function renderOpenApi(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return `${JSON.stringify(openApiDocument({ version, hooksPath: '/hooks' }), undefined, 2)}\n`;
}

if (import.meta.main) await writeFile(openApiPath, await renderOpenApi());
