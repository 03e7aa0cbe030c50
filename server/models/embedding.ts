import { GatewayError } from '../../sdk/protocol/errors.ts';
import { toAnswerFailure, toMalformedFailure, toNetworkFailure } from './failure.ts';
import type { ModelFailure } from './provider.ts';
import { readText, type Upstream } from './upstream.ts';

/** Most characters of an answer with vectors that are taken. */
const maxAnswerChars = 64 * 1024 * 1024;

/** The error that `embed` rejects with; `details.failure` is the failure itself. */
export function embeddingError(failure: ModelFailure): GatewayError {
  const asked = failure.kind === 'bad_request' || failure.kind === 'context_length' || failure.kind === 'not_found';
  return new GatewayError(asked ? 'INVALID_REQUEST' : 'UNAVAILABLE', failure.message, {
    details: { code: 'MODEL_FAILURE', failure },
    retryable: failure.retryable,
    retryAfterMs: failure.retryAfterMs,
  });
}

/**
 * Posts a request and reads its JSON answer.
 * @throws GatewayError with the failure in `details`; CANCELLED when the signal fired.
 */
export async function postForJson(
  upstream: Upstream,
  request: { path: string; model: string; body: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  const callee = upstream.callee(request.model);
  let status: number;
  let headers: Record<string, string | string[] | undefined>;
  let body: string;
  try {
    const answer = await upstream.post(request.path, request.body, signal);
    ({ status, headers } = answer);
    body = await readText(answer.body, maxAnswerChars);
  } catch (error) {
    // What the network does is the provider's failure, unless it is our own doing.
    if (signal.aborted) throw new GatewayError('CANCELLED', 'The embedding was cancelled.', { cause: signal.reason });
    throw embeddingError(toNetworkFailure(callee, error));
  }
  if (status < 200 || status > 299) throw embeddingError(toAnswerFailure(callee, { status, headers, body }));
  try {
    return JSON.parse(body);
  } catch {
    throw embeddingError(toMalformedFailure(callee, 'JSON', body));
  }
}
