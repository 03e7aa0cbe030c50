import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isOwnFile } from './includes.ts';
import type { LoadedConfig } from './load.ts';
import { placeOnce } from './private-file.ts';
import { replaceFile } from './replace-file.ts';

/** Copies of a file that was replaced: `.bak`, the newest, to `.bak.4`. */
const backups = ['.bak', '.bak.1', '.bak.2', '.bak.3', '.bak.4'];

/** Refused texts of one file that are kept. */
const keptRejected = 8;

/** Keeps what a write is about to replace, mode 0600; what `.bak` holds already is not kept again. */
export async function keepBackup(path: string, text: string): Promise<void> {
  if ((await readIfThere(`${path}.bak`)) === text) return;
  for (let at = backups.length - 1; at > 0; at--)
    await rename(path + backups[at - 1], path + backups[at]).catch(ignoreMissing);
  await replaceFile(`${path}.bak`, text);
}

/** Keeps a text that was not written because it was refused, mode 0600, the newest eight. @returns the file it is in. */
export async function keepRejected(path: string, text: string): Promise<string> {
  return keepAside(path, 'rejected', text, keptRejected);
}

/** Keeps a text as `<path>.<kind>.<time>`, mode 0600, and the newest `limit` of its kind. @returns the file it is in. */
export async function keepAside(path: string, kind: string, text: string, limit: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const stem = `${path}.${kind}.${new Date().toISOString().replace(/[:.]/g, '-')}`;
  const kept = (await placeOnce(stem, text)) ? stem : `${stem}-${randomBytes(3).toString('hex')}`;
  if (kept !== stem) await placeOnce(kept, text);
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.${kind}.`));
  for (const name of names.sort().slice(0, -limit)) await rm(join(dirname(path), name), { force: true });
  return kept;
}

/**
 * Keeps the files of a configuration that a gateway has started with, each as `<file>.last-good`, mode 0600. Files that are
 * included from outside of its folder are not ours to copy. Nothing at a start ever reads them: taking one back is a
 * decision of a person, by `openclaw doctor`.
 */
export async function keepLastGood({ path, sources }: Pick<LoadedConfig, 'path' | 'sources'>): Promise<void> {
  for (const source of sources) {
    if (!(await isOwnFile(source.path, path))) continue;
    const copy = lastGoodOf(source.path);
    if ((await readIfThere(copy)) !== source.raw) await replaceFile(copy, source.raw);
  }
}

/** Where the last good copy of a file is. */
export function lastGoodOf(path: string): string {
  return `${path}.last-good`;
}

/** The text of a copy; undefined when none is kept. @throws the error of the file system. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

// --- internal ---

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
