import { keepAside, keepBackup, lastGoodOf } from '../../server/config/backups.ts';
import { readIfThere } from '../local/file-text.ts';

/** Copies of broken files that are kept. */
const keptClobbered = 32;

/**
 * Puts a copy of a configuration file beside it, mode 0600, before it is replaced: a broken one as `.clobbered.<time>`, a
 * working one as `.bak`. @returns the path of the copy.
 */
export async function keepOld(path: string, text: string, { broken }: { broken: boolean }): Promise<string> {
  if (broken) return keepAside(path, 'clobbered', text, keptClobbered);
  await keepBackup(path, text);
  return `${path}.bak`;
}

/** What a file said when a gateway started with it last; undefined when nothing is kept. */
export async function readLastGood(path: string): Promise<{ text: string; from: string } | undefined> {
  const from = lastGoodOf(path);
  const text = await readIfThere(from);
  return text === undefined ? undefined : { text, from };
}
