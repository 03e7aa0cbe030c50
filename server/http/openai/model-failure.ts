import type { RunEnd } from '../../agent/runs.ts';
import type { ModelFailure } from '../../models/provider.ts';
import { type HttpFailure, retryAfter } from '../failure.ts';

/**
 * What the caller is told when a run did not end well; undefined when it did. A provider that rejects the gateway's key is
 * the gateway's failure, never the caller's.
 */
export function toRunFailure(end: RunEnd): HttpFailure | undefined {
  if (end.status === 'ok') return undefined;
  if (end.status === 'error' || (end.status === 'timeout' && end.failure)) {
    return end.failure ? toModelHttpFailure(end.failure) : final(apiError(500, 'the run failed inside the gateway'));
  }
  if (end.status === 'timeout') return apiError(504, 'the run took longer than the gateway allows');
  if (end.status === 'interrupted' || end.stopReason === 'shutdown')
    return { ...apiError(503, 'the gateway stopped while the run worked'), headers: retryAfter(5000) };
  return final({ ...apiError(503, `the run was aborted (${end.stopReason ?? 'unknown'})`), code: 'run_aborted' });
}

/** What the caller is told of a model call that failed. */
export function toModelHttpFailure({ kind, message, refused, retryable, retryAfterMs }: ModelFailure): HttpFailure {
  const { status, type = 'api_error', code = refused?.code ?? null } = answers[kind];
  // Places in the conversation are other ones at the provider.
  const param = refused?.param?.replace(/^(messages|input)\b.*/, '') || null;
  const failure = { status, type, code, message, param };
  if (kind === 'rate_limit') return { ...failure, headers: retryAfter(retryAfterMs ?? 1000) };
  // Clients repeat every 429, but no waiting fills an account.
  if (kind === 'quota') return final({ ...failure, headers: retryAfter(retryAfterMs ?? 60_000) });
  return status < 500 || retryable ? failure : final(failure);
}

const invalid = 'invalid_request_error';

const answers: Record<ModelFailure['kind'], { status: number; type?: string; code?: string }> = {
  auth: { status: 502, code: 'provider_auth' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  context_length: { status: 400, type: invalid, code: 'context_length_exceeded' },
  refusal: { status: 400, type: invalid, code: 'content_filter' },
  timeout: { status: 504 },
  not_found: { status: 400, type: invalid, code: 'model_not_found' },
  bad_request: { status: 400, type: invalid },
  unavailable: { status: 502 },
  unknown: { status: 502 },
};

function apiError(status: number, message: string): HttpFailure {
  return { status, type: 'api_error', code: null, message, param: null };
}

/** The `openai` clients repeat every 429 and 5xx unless they are told that it is of no use. */
function final(failure: HttpFailure): HttpFailure {
  return { ...failure, headers: { ...failure.headers, 'x-should-retry': 'false' } };
}
