import { basename } from 'node:path';
import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { keepRejected } from './backups.ts';
import type { Revision } from './revisions.ts';
import type { Environment } from './substitute.ts';

/** The file was there, and is no more. */
export function gone(path: string): GatewayError {
  return new GatewayError(
    'INVALID_CONFIG',
    `${basename(path)} is not there any more: put it back, or stop the gateway to start it without`,
    { details: { path, files: [path] } },
  );
}

/** The error of a refused write, which also says where its text is kept. */
export async function withRejected(error: GatewayError, path: string, text: string): Promise<GatewayError> {
  // A disk that takes nothing must not hide why the write was refused.
  const rejected = await keepRejected(path, text).catch(() => undefined);
  if (rejected === undefined) return error;
  const { code, message, details, cause } = error;
  return new GatewayError(
    code,
    `${message}${/[.!?]$/.test(message) ? '' : '.'} The refused text is kept in ${rejected}.`,
    {
      details: { ...details, rejected },
      cause,
    },
  );
}

/** What the start would refuse is a mistake of the caller here. */
export function asRefusal(error: unknown): never {
  if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
  const issues = (error.details?.issues ?? []) as ConfigIssue[];
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more, see details.issues)` : '';
  throw new GatewayError(
    'INVALID_REQUEST',
    `invalid config: ${first?.path ? `${first.path}: ` : ''}${first?.message ?? 'it cannot be read'}${more}. Nothing was written.`,
    { details: { code: 'INVALID_CONFIG', issues } },
  );
}

/** The error of a disk that refuses; one that has its words keeps them. */
export function cannotWrite(path: string, error: unknown): unknown {
  if (isGatewayError(error)) return error;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new GatewayError(
    'UNAVAILABLE',
    `cannot write ${path} (${code}): nothing was changed. Correct the owner and mode of its folder, or make space.`,
    { details: { code: 'CONFIG_NOT_WRITTEN', path, errno: code }, cause: error },
  );
}

/** The error for a revision that is not kept, with those that are. */
export function noRevision(id: number, kept: readonly Revision[]): GatewayError {
  const known = kept.map((revision) => revision.id).join(', ') || 'none';
  return new GatewayError('INVALID_REQUEST', `there is no revision ${id}; kept are: ${known}`, {
    details: { code: 'UNKNOWN_REVISION', id },
  });
}

/** @throws GatewayError INVALID_REQUEST where somebody else looks after the file, and the environment says so. */
export function requireWritable(path: string, env: Environment): void {
  if (env.OPENCLAW_CONFIG_READONLY !== '1') return;
  throw new GatewayError(
    'INVALID_REQUEST',
    `${path} is looked after by somebody else (OPENCLAW_CONFIG_READONLY=1): change it where it comes from. Nothing was written.`,
    { details: { code: 'CONFIG_READONLY', path } },
  );
}
