import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { Log } from '../log/log.ts';
import type { ModelFailure } from '../models/provider.ts';
import { type ModelName, noUsage } from './loop.ts';
import type { Ending, WorkingRun } from './run.ts';

/** How a run ended whose signal fired. */
export function stopped({ signal }: Pick<WorkingRun, 'signal'>) {
  const stopReason = String(signal.reason);
  const status =
    stopReason === 'timeout'
      ? ('timeout' as const)
      : stopReason === 'shutdown'
        ? ('interrupted' as const)
        : ('aborted' as const);
  return { status, finish: 'other' as const, usage: noUsage, stopReason };
}

/** How a run ended that something was thrown in; what was not expected is logged with its stack. */
export function broken(
  error: unknown,
  { runId, model, log }: { runId: string; model: ModelName | undefined; log: Log },
): Ending {
  const failure = toFailure(error, model);
  if (isGatewayError(error)) logFailure(log, runId, failure);
  else log.error(`run ${runId} failed`, { error: stackOf(error) });
  const { provider } = failure;
  return { status: 'error', finish: 'other', usage: noUsage, failure, provider, model: failure.model };
}

/** Says in the log why a model did not answer. */
export function logFailure(
  log: Log,
  runId: string,
  { kind, provider, model, message, httpStatus }: ModelFailure,
): void {
  log.warn(`run ${runId} failed: ${message}`, { kind, model: `${provider}/${model}`, httpStatus });
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @throws GatewayError INVALID_REQUEST for a key that the database would store as another. */
export function requirePlainKey(runId: string): void {
  if (runId.isWellFormed()) return;
  throw new GatewayError('INVALID_REQUEST', 'the idempotency key holds half a surrogate pair: use whole characters');
}

/** The refusal of a gateway that stops. */
export function draining(): GatewayError {
  const message = 'the gateway is stopping and takes no new messages. Try again in a moment.';
  return new GatewayError('UNAVAILABLE', message, {
    details: { code: 'DRAINING' },
    retryable: true,
    retryAfterMs: 1500,
  });
}

/** Chat commands that may be answered at the same time. */
const maxAnswering = 64;

/** Commands do not queue; most take no time at all, but those that summarise do. @throws GatewayError UNAVAILABLE, retryable. */
export function requireRoomForAnswer(live: Iterable<WorkingRun>): void {
  if ([...live].filter((run) => run.input.answer).length < maxAnswering) return;
  throw new GatewayError('UNAVAILABLE', 'too many commands are being answered. Please try again in a moment.', {
    details: { code: 'QUEUE_FULL' },
    retryable: true,
    retryAfterMs: 1000,
  });
}

function toFailure(error: unknown, model: ModelName | undefined): ModelFailure {
  const known = isGatewayError(error);
  return {
    kind: known && error.details?.code === 'MODEL_NOT_FOUND' ? 'not_found' : 'unknown',
    message: known ? error.message : 'the run failed inside the gateway; its log says why',
    provider: model?.provider ?? 'gateway',
    model: model?.id ?? 'none',
    retryable: false,
  };
}
