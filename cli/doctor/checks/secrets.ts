import { formatKey, isPlainObject, type KeyPath } from '../../../server/config/key-path.ts';
import { findKey, takesSecret } from '../../../server/config/key-tree.ts';
import type { Check } from '../check.ts';

/** Secrets that stand in the file as they are. */
export const plaintextSecrets: Check = {
  number: 8,
  id: 'core/doctor/plaintext-secrets',
  title: 'Secrets in the configuration file',
  async run({ reading, command, here }) {
    return listPlaintext(reading.parsed)
      .filter((path) => !isOwn(path))
      .map((path) => ({
        severity: 'warning',
        message: `${formatKey(path)} is written in the file as it is: backups and copies of the file hold it, too`,
        evidence: reading.path,
        path: formatKey(path),
        requirement: `a reference: \${VAR}, or { source, provider, id }`,
        fixHint: `put it into the environment, or into ${here.paths.stateDir}/.env, then ${command} config set ${formatKey(path)} '\${VAR}'`,
      }));
  },
};

/** References that lead nowhere right now. */
export const degradedSecrets: Check = {
  number: 9,
  id: 'core/doctor/secrets',
  title: 'References to secrets',
  async run({ reading, command, probe }) {
    // A running gateway may still have what cannot be read any more, or lack what can be read by now.
    const owners = (await probe()).status?.degradedSecretOwners ?? [];
    const running = owners.map((owner) => ({
      severity: 'warning' as const,
      message: `the running gateway lacks a secret of ${owner}, or uses an old one`,
      evidence: 'openclaw status: degradedSecretOwners',
      path: owner,
      requirement: 'every reference read at the last reload',
      fixHint: `${command} secrets reload`,
    }));
    const here = (reading.loaded?.unread ?? []).map(({ path, message }) => ({
      severity: path.startsWith('gateway.auth.') ? ('error' as const) : ('warning' as const),
      message: `${path}: ${message}`,
      evidence: reading.path,
      path,
      requirement: 'a reference that can be read by this user',
      fixHint: `correct it, then ${command} secrets reload`,
    }));
    return [...here, ...running];
  },
};

// --- internal ---

/** The gateway's own secret belongs into its own file, which nobody else may read. */
function isOwn(path: KeyPath): boolean {
  return path[0] === 'gateway' && path[1] === 'auth';
}

function listPlaintext(value: unknown, path: KeyPath = []): KeyPath[] {
  if (typeof value === 'string') {
    const node = findKey(path);
    return node && takesSecret(node) && value !== '' && !/^\$[A-Z_]|\$\{/.test(value) ? [path] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => listPlaintext(item, [...path, index]));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => listPlaintext(member, [...path, name]));
}
