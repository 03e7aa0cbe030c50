/** Writes docs/reference.md from the contract. A test holds the file against {@link renderReference}. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderReference } from './reference-page.ts';

export const referencePath = join(import.meta.dirname, '..', 'docs', 'reference.md');

if (import.meta.main) await writeFile(referencePath, await renderReference());
