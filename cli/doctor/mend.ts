import { readConfigText } from '../../server/config/load.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { keepOld } from './kept.ts';
import type { Proposal } from './proposal.ts';
import type { Reading } from './reading.ts';

/** What became of a proposal. */
export interface Mended {
  /** What was done, in words. */
  done: string[];
  /** What could not be done, and why. */
  failed: string[];
  /** The copy of the configuration file as it was; absent when it stayed as it is. */
  kept?: string;
}

/** Does what was proposed, the configuration first. Never throws: what fails is told, and the rest is done. */
export async function mend(reading: Reading, { text, edits, actions }: Proposal): Promise<Mended> {
  const mended: Mended = { done: [], failed: [] };
  if (text !== undefined) {
    try {
      mended.kept = await write(reading, text);
      if (mended.kept === undefined) delete mended.kept;
      mended.done.push(...edits);
    } catch (error) {
      mended.failed.push(`${reading.path}: ${toWords(error)}`);
    }
  }
  for (const { what, run } of actions) {
    try {
      const words = await run();
      mended.done.push(words ? `${what}: ${words}` : what);
    } catch (error) {
      mended.failed.push(`${what}: ${toWords(error)}`);
    }
  }
  return mended;
}

// --- internal ---

/** @returns where the file is kept as it was; undefined when there was none. @throws when somebody else changed it meanwhile. */
async function write({ path, raw, loaded }: Reading, text: string): Promise<string | undefined> {
  const isAsSeen = async () => (await readConfigText(path).catch(() => undefined)) === raw;
  if (!(await isAsSeen()))
    throw new Error('it has changed since it was looked at, and was left alone: run doctor again');
  const kept = raw === undefined ? undefined : await keepOld(path, raw, { broken: loaded === undefined });
  if (!(await replaceFile(path, text, isAsSeen)))
    throw new Error('it has changed since it was looked at, and was left alone: run doctor again');
  return kept;
}

function toWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
