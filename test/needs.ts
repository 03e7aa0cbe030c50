import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders of programs for administrators, which an ordinary user's PATH lacks. */
const adminFolders = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/lib/systemd', '/lib/systemd'];

/**
 * The path of a program that npm does not bring. Without it, the tests that need it are not run and say so; where
 * `OPENCLAW_TESTS_NEED` names it (a list with commas, as `.ci/run` sets it), its absence is a failure.
 * Meant for `describe.skipIf(!nginx)`.
 */
export function findProgram(name: string, what: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...adminFolders].filter(Boolean);
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  return path ?? withoutIt(name, what);
}

/** Says that tests are not run for want of something, or fails when it was promised. */
export function withoutIt(name: string, what: string): undefined {
  const promised = (process.env.OPENCLAW_TESTS_NEED ?? '').split(',').includes(name);
  if (promised) throw new Error(`${name} was to be here for the tests of ${what}, and it is not`);
  process.stderr.write(`\nNOT RUN: the tests of ${what} need ${name}, which this machine lacks\n`);
  return undefined;
}

// --- internal ---

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
