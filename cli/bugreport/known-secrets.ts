import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { isPlainObject, type KeyPath } from '../../server/config/key-path.ts';
import { findKey } from '../../server/config/key-tree.ts';
import { listSecrets } from '../../server/config/redact.ts';
import type { Redactor } from '../../server/log/redact.ts';
import type { DoctorContext } from '../doctor/context.ts';
import { readIfThere } from '../local/file-text.ts';

/** Values under it would match everywhere. */
const shortest = 4;

/** Makes a redactor that knows every secret which can be known here: what it has seen is masked wherever it stands. */
export async function createHereRedactor({ here, reading, shell }: DoctorContext): Promise<Redactor> {
  const { createRedactor } = await import('../../server/log/redact.ts');
  const { stateDir, tokenPath, deviceSecretPath } = here.paths;
  const files = await Promise.all([tokenPath, deviceSecretPath].map(readIfThere));
  const envFiles = await Promise.all(['.env', 'gateway.service.env'].map((name) => readIfThere(join(stateDir, name))));
  const found = [
    ...files.map((text = '') => text.trim()),
    ...envFiles.flatMap((text = '') => Object.values(parseEnv(text)).map(String)),
    ...Object.values(here.runtime?.credentials ?? {}),
    ...listNamed(shell.env),
    ...[shell.globals.token, shell.globals.password].map((value) => value ?? ''),
    ...[reading.parsed, reading.loaded?.parsed, reading.loaded?.config].flatMap((tree) => listSecrets(tree ?? {})),
  ];
  found.push(...listUnknown(reading.parsed ?? {}));
  const texts = [reading.raw ?? '', ...(reading.loaded?.sources ?? []).map(({ raw }) => raw)];
  found.push(...texts.flatMap(listUrlPasswords));
  const secrets = [...new Set(found)].filter((secret) => secret.length >= shortest);
  return createRedactor({ secrets, patterns: reading.loaded?.config.logging?.redactPatterns });
}

// --- internal ---

/** Values of variables that hold a credential by their name. */
function listNamed(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value && /KEY|TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL/i.test(name) ? [value] : [],
  );
}

/** Texts under keys that nobody knows: what they are for is not known either. Short ones are words that stand everywhere. */
function listUnknown(value: unknown, path: KeyPath = []): string[] {
  if (typeof value === 'string') return value.length < 8 || findKey(path) ? [] : [value];
  if (Array.isArray(value)) return value.flatMap((item, index) => listUnknown(item, [...path, index]));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => listUnknown(member, [...path, name]));
}

/** `//user:password@host`, as it is written and as it is sent. */
function listUrlPasswords(text: string): string[] {
  return [...text.matchAll(/\/\/[^\s/:@"']*:([^\s/@"']+)@/g)].flatMap(([, password = '']) => {
    const plain = URL.parse(`http://x:${password}@x`)?.password ?? password;
    return [password, plain, decodeSafely(plain)];
  });
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone percent sign.
  }
}
