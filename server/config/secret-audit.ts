import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { formatKey, isPlainObject, type KeyPath, mapTree } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { createPlaces } from './origins.ts';
import type { Paths } from './paths.ts';
import { findModeFaults } from './secret-audit-modes.ts';
import { findCommandFault } from './secret-command.ts';
import { listReferences, resolveSecretRefs } from './secret-refs.ts';
import type { Environment } from './substitute.ts';

/** Something about secrets that is not as it should be. */
export interface SecretFinding {
  code: 'PLAINTEXT_FOUND' | 'REF_UNRESOLVED' | 'FILE_MODE';
  severity: 'warning' | 'error';
  /** Absolute. */
  file: string;
  line?: number | undefined;
  /** Key of the configuration, or name of a variable. */
  path?: string | undefined;
  /** Never tells anything of a secret. */
  message: string;
  fixHint: string;
}

/** What an audit found; `--json` prints it as it stands. */
export interface SecretAudit {
  schemaVersion: 1;
  /** `unresolved` when a reference cannot be read, else `findings` when there are any. */
  status: 'clean' | 'findings' | 'unresolved';
  resolution: {
    refsChecked: number;
    /** References to programs, which were not run: only the programs themselves were looked at. */
    skippedExecRefs: number;
    resolvabilityComplete: boolean;
  };
  summary: { plaintextCount: number; unresolvedRefCount: number; fileModeCount: number };
  filesScanned: string[];
  findings: SecretFinding[];
}

export interface SecretAuditOptions {
  paths: Pick<Paths, 'configPath' | 'stateDir'>;
  env: Environment;
  /** Folder of the command, whose `.env` is read as well. */
  cwd: string;
  /** Whether programs are run for the references to them. */
  allowExec: boolean;
}

/**
 * Looks for secrets that are written down, references that cannot be read, and files that others can read. Changes nothing
 * and asks no gateway.
 * @throws GatewayError INVALID_CONFIG for a configuration file that cannot be read.
 */
export async function auditSecrets({ paths, env, cwd, allowExec }: SecretAuditOptions): Promise<SecretAudit> {
  const loaded = await loadConfig({ path: paths.configPath, env, secrets: 'left' });
  const { unresolved, skipped, checked } = await findUnresolved(loaded, { env, allowExec });
  const envFiles = [...new Set([cwd, paths.stateDir, dirname(paths.configPath)].map((folder) => join(folder, '.env')))];
  const variables = await Promise.all(envFiles.map(findInEnvFile));
  const plaintext = [...findInConfig(loaded), ...variables.flatMap(({ findings }) => findings)];
  const read = [...loaded.files, ...variables.flatMap(({ file, isThere }) => (isThere ? [file] : []))];
  const modes = await findModeFaults({ read, stateDir: paths.stateDir, loaded });
  const findings = [...unresolved, ...plaintext, ...modes.findings];
  return {
    schemaVersion: 1,
    status: unresolved.length > 0 ? 'unresolved' : findings.length > 0 ? 'findings' : 'clean',
    resolution: { refsChecked: checked, skippedExecRefs: skipped, resolvabilityComplete: skipped === 0 },
    summary: {
      plaintextCount: plaintext.length,
      unresolvedRefCount: unresolved.length,
      fileModeCount: modes.findings.length,
    },
    filesScanned: modes.files,
    findings,
  };
}

// --- internal ---

async function findUnresolved(
  loaded: LoadedConfig,
  { env, allowExec }: Pick<SecretAuditOptions, 'env' | 'allowExec'>,
): Promise<{ unresolved: SecretFinding[]; skipped: number; checked: number }> {
  const { config } = loaded;
  const programs = allowExec ? [] : listReferences(config).filter(({ ref }) => ref.source === 'exec');
  const left = new Set(programs.map(({ path }) => formatKey(path)));
  const others = mapTree(config, (value, path) => (left.has(formatKey(path)) ? '' : value));
  const { secrets } = await resolveSecretRefs(others, { env });
  const faults = secrets.degraded.map(({ path, reason }) => ({ path, reason }));
  for (const { path, ref } of programs) {
    const { source, command = '' } = config.secrets?.providers?.[ref.provider] ?? {};
    const place = `secrets.providers.${ref.provider}`;
    const fault = source === 'exec' ? await findCommandFault(command) : 'is no entry with the source "exec"';
    if (fault) faults.push({ path: formatKey(path), reason: `${place}${source ? '.command' : ''} ${fault}` });
  }
  const checked = secrets.readings.size + programs.length;
  const places = createPlaces(loaded.origin, loaded.sources);
  const all = listReferences(config);
  const unresolved = faults.map(({ path, reason }): SecretFinding => {
    const found = all.find((one) => formatKey(one.path) === path);
    const { file, line } = found ? places(found.path) : { file: loaded.path, line: undefined };
    const fixHint = 'make it readable, or correct the reference; then openclaw secrets reload';
    return { code: 'REF_UNRESOLVED', severity: 'error', file, line, path, message: `not read: ${reason}`, fixHint };
  });
  return { unresolved, skipped: programs.length, checked };
}

function findInConfig({ parsed, origin, sources }: LoadedConfig): SecretFinding[] {
  const places = createPlaces(origin, sources);
  return listPlaintext(parsed).map((path) => {
    const { file, line } = places(path);
    return {
      code: 'PLAINTEXT_FOUND',
      severity: 'warning',
      file,
      line,
      path: formatKey(path),
      message: 'the secret is written in the file as it is: copies and backups of the file hold it, too',
      fixHint: `put a reference in its place: '\${VAR}', or { source, provider, id } (docs/secrets.md)`,
    };
  });
}

/** Headers that hold a secret by their name; most do not. */
const secretHeader = /authorization|api[-_]?key|token|secret|password|credential|cookie/i;

function listPlaintext(value: unknown, path: KeyPath = []): KeyPath[] {
  if (typeof value === 'string') return isPlaintext(value, path) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => listPlaintext(item, [...path, index]));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => listPlaintext(member, [...path, name]));
}

function isPlaintext(text: string, path: KeyPath): boolean {
  if (/\/\/[^\s/:@]*:(?!\$\{)[^\s/@]+@/.test(text)) return true;
  const node = findKey(path);
  if (!node || !takesSecret(node) || text.trim() === '' || /^\$[A-Z_]|\$\{/.test(text)) return false;
  return path.at(-2) !== 'headers' || secretHeader.test(String(path.at(-1)));
}

async function findInEnvFile(file: string): Promise<{ file: string; isThere: boolean; findings: SecretFinding[] }> {
  // Most folders have none, and one that cannot be read gives nothing to anybody.
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { file, isThere: false, findings: [] };
  const lines = text.split('\n');
  const findings = Object.entries(parseEnv(text)).flatMap(([name, value]): SecretFinding[] => {
    if (!value || !/(?:_|^)(?:KEY|TOKEN|PASSWORD|PASSPHRASE|SECRET|CREDENTIALS?)$/.test(name)) return [];
    const line = lines.findIndex((one) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(one)) + 1;
    const message = 'the secret is written in the file as it is';
    const fixHint = 'keep it in a private file or a program that secrets.providers names (docs/secrets.md)';
    return [{ code: 'PLAINTEXT_FOUND', severity: 'warning', file, line, path: name, message, fixHint }];
  });
  return { file, isThere: true, findings };
}
