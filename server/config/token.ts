import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { makeFolder } from '../log/make-folder.ts';
import { closeToOthers, placeOnce } from './private-file.ts';

/** 32 random bytes, base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A secret that the gateway made for itself: read from its file, or made on the first start.
 * Of two gateways that start at once, both get the secret of the first.
 * @param what it is, for messages.
 * @throws GatewayError INVALID_CONFIG when the state directory or the file cannot be used.
 */
export async function ensureToken(tokenPath: string, what = 'gateway token'): Promise<string> {
  const known = await readToken(tokenPath, what);
  if (known !== undefined) {
    await closeToOthers(tokenPath);
    return known;
  }
  const token = newToken();
  try {
    await makeFolder(dirname(tokenPath));
    if (await placeOnce(tokenPath, `${token}\n`)) return token;
  } catch (error) {
    throw toClearError(`cannot make the ${what}`, tokenPath, error);
  }
  const first = await readToken(tokenPath, what);
  if (first !== undefined) return first;
  throw toClearError(`cannot make the ${what}`, tokenPath, undefined);
}

/**
 * The token in the file; undefined when there is no file.
 * @throws GatewayError INVALID_CONFIG when the file cannot be read, or is empty.
 */
export async function readToken(tokenPath: string, what = 'gateway token'): Promise<string | undefined> {
  const text = await readFile(tokenPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // A gateway that was never started has no file yet.
    if (error.code === 'ENOENT') return undefined;
    throw toClearError(`cannot read the ${what}`, tokenPath, error);
  });
  if (text === undefined) return undefined;
  const token = text.trim();
  if (token !== '' && !/\s/.test(token)) return token;
  throw new GatewayError(
    'INVALID_CONFIG',
    `the ${what} in ${tokenPath} is ${token === '' ? 'empty' : 'more than one word'}: delete the file, and the next start makes a new one`,
    { details: { path: tokenPath } },
  );
}

function toClearError(what: string, path: string, error: unknown): GatewayError {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new GatewayError(
    'INVALID_CONFIG',
    `${what} at ${path} (${errno}): the state directory ${dirname(path)} has to be a folder that this user may read and write. ` +
      `Correct its owner and mode (ls -ld ${dirname(path)}), or name another one with OPENCLAW_STATE_DIR.`,
    { details: { path, errno }, cause: error },
  );
}
