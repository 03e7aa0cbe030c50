import { GatewayError, isGatewayError } from '../sdk/protocol/errors.ts';

/** The exit codes of the command line. 78 is EX_CONFIG of sysexits.h: a supervisor does not try again. */
export const exitCodes = { ok: 0, failed: 1, misused: 2, misconfigured: 78 } as const;

const badUsage = 'BAD_USAGE';

/** The error of a command line that cannot be understood; the process exits with 2. */
export function misuse(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details: { code: badUsage } });
}

export function isMisuse(error: unknown): boolean {
  return isGatewayError(error) && error.details?.code === badUsage;
}
