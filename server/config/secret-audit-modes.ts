import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expandHome } from './home-path.ts';
import type { LoadedConfig } from './load.ts';
import type { SecretFinding } from './secret-audit.ts';

export interface ModeAudit {
  /** Files that were read for what they hold. */
  read: readonly string[];
  stateDir: string;
  loaded: LoadedConfig;
}

/** Files that hold secrets, or may, and can be read or changed by others. On Windows there are no such modes. */
export async function findModeFaults(audit: ModeAudit): Promise<{ files: string[]; findings: SecretFinding[] }> {
  const { read, stateDir, loaded } = audit;
  const kept = await readdir(stateDir, { withFileTypes: true }).catch(() => []);
  const own = kept.filter((entry) => entry.isFile()).map(({ name }) => join(stateDir, name));
  const files = [...new Set([...read, ...listSecretFiles(loaded), ...own])];
  if (process.platform === 'win32') return { files, findings: [] };
  const findings = await Promise.all([findFault(stateDir), ...files.map(findFault)]);
  return { files, findings: findings.flat() };
}

// --- internal ---

function listSecretFiles({ config }: LoadedConfig): string[] {
  return Object.values(config.secrets?.providers ?? {}).flatMap(({ source, path }) => {
    if (source !== 'file' || !path) return [];
    return [expandHome(path)];
  });
}

async function findFault(file: string): Promise<SecretFinding[]> {
  // What is not there is told by whoever needs it.
  const status = await lstat(file).catch(() => undefined);
  if (!status || status.isSymbolicLink() || (status.mode & 0o077) === 0) return [];
  const [what, wanted] = status.isDirectory() ? ['folder', '700'] : ['file', '600'];
  const who = status.mode & 0o022 ? 'changed' : 'read';
  return [
    {
      code: 'FILE_MODE',
      severity: status.mode & 0o007 ? 'error' : 'warning',
      file,
      message: `the ${what} can be ${who} by others (mode ${(status.mode & 0o777).toString(8)})`,
      fixHint: `chmod ${wanted} ${file}`,
    },
  ];
}
