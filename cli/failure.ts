import { findGatewayError, type GatewayError } from '../sdk/protocol/errors.ts';
import { inFlags } from './flag-words.ts';
import { exitCodes, isMisuse } from './misuse.ts';
import { printable } from './render/text.ts';

/** How a command line ended that did not succeed. */
export interface Failure {
  /** For stderr. */
  lines: string[];
  exitCode: number;
}

/**
 * What to tell about an error: what went wrong, in one line where that is enough.
 * @param path the words of the command, `openclaw` first.
 */
export function toFailure(error: unknown, path: readonly string[]): Failure {
  const known = findGatewayError(error);
  const command = path.join(' ');
  if (!known) return { lines: [`${command}: ${toTrace(error)}`], exitCode: exitCodes.failed };
  if (isMisuse(known))
    return {
      lines: [`${command}: ${printable(known.message)}`, `Help: ${command} --help`],
      exitCode: exitCodes.misused,
    };
  const message = inFlags(printable(known.message));
  if (known.code === 'INVALID_CONFIG') return { lines: [message], exitCode: exitCodes.misconfigured };
  const told = path[2] === 'call' ? `Gateway call failed: ${inFlags(toRefusal(known) ?? message)}` : message;
  return { lines: [`${told}${advise(known)}`], exitCode: exitCodes.failed };
}

// --- internal ---

/** An error that nobody foresaw is a fault of ours: its stack is what a report needs. */
function toTrace(error: unknown): string {
  return printable(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** A refusal of the connection in the gateway's own words, which scripts look for, and who it was after them. */
function toRefusal({ code, details = {} }: GatewayError): string | undefined {
  const { why, url, credential, credentialFrom } = details;
  if (typeof why !== 'string' || code === 'UNREACHABLE') return undefined;
  const origin = credential ? `the ${credential} comes from ${credentialFrom}` : 'no token or password was found';
  return printable(`${why} (asked ${url}; ${origin})`);
}

function advise({ retryable, retryAfterMs, code }: GatewayError): string {
  if (!retryable || code === 'UNREACHABLE') return '';
  return retryAfterMs === undefined
    ? ' (trying again may help)'
    : ` (try again in ${Math.ceil(retryAfterMs / 1000)} s)`;
}
