import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expandHome } from '../../server/config/home-path.ts';

/**
 * The file that a gateway on this machine logs to today: `logging.file`, else one of the day in the temporary folder.
 * Makes nothing.
 */
export async function findLogFile(configured: string | undefined, profile: string | undefined): Promise<string> {
  if (configured) return resolve(expandHome(configured));
  const { nameOfDay } = await import('../../server/log/log-folder.ts');
  return join(findFolder(tmpdir()), nameOfDay(new Date(), profile));
}

// --- internal ---

/** The same choice as the gateway's, among the folders that are there. */
function findFolder(tmp: string): string {
  const usual = join(tmp, 'openclaw');
  const own = join(tmp, `openclaw-${process.getuid?.() ?? 'user'}`);
  return (isOurs(usual) ?? true) ? usual : own;
}

/** Undefined when it is not there yet: the gateway makes the first. */
function isOurs(folder: string): boolean | undefined {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (!status) return undefined;
  if (process.platform === 'win32') return status.isDirectory();
  return status.isDirectory() && status.uid === process.getuid?.() && (status.mode & 0o022) === 0;
}
