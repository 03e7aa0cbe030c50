import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Copies of broken files that are kept. */
const keptClobbered = 32;

/** Copies of working files: `.bak`, `.bak.1` ... `.bak.4`. */
const keptBackups = 5;

/**
 * Puts a copy of a configuration file beside it, mode 0600, before it is replaced: a broken one as `.clobbered.<time>`, a
 * working one as `.bak`. @returns the path of the copy.
 */
export async function keepOld(path: string, text: string, { broken }: { broken: boolean }): Promise<string> {
  if (!broken) {
    await rotate(path);
    return writeNew(`${path}.bak`, text);
  }
  const copy = await writeNew(`${path}.clobbered.${new Date().toISOString().replace(/[:.]/g, '-')}`, text);
  const folder = dirname(path);
  const all = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.clobbered.`)).sort();
  for (const name of all.slice(0, -keptClobbered)) await rm(join(folder, name), { force: true });
  return copy;
}

/** The configuration with which a gateway started last; undefined when none is kept. */
export async function readLastGood(path: string): Promise<{ text: string; from: string } | undefined> {
  const from = `${path}.last-good`;
  const text = await readFile(from, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : { text, from };
}

// --- internal ---

async function rotate(path: string): Promise<void> {
  const name = (index: number) => (index === 0 ? `${path}.bak` : `${path}.bak.${index}`);
  for (let index = keptBackups - 2; index >= 0; index--)
    await rename(name(index), name(index + 1)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
}

async function writeNew(path: string, text: string): Promise<string> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}
