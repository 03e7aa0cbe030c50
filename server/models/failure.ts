import { clip, readError, readRefused, readRetryAfter, type Said } from './error-body.ts';
import type { ModelFailure } from './provider.ts';
import { redact } from './redact.ts';

/** Who was called, for the text of a failure. */
export interface Callee {
  provider: string;
  model: string;
  /** Where it was called; shown without query. */
  url: string;
  /** What a person sets to give the key: a config key or an environment variable. */
  keyName: string;
  /** Strings that must never be shown. */
  secrets: readonly string[];
}

/** What a provider answered instead of a stream. */
export interface Refusal {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>;
  /** Text of the body, possibly cut. */
  body: string;
}

type Kind = ModelFailure['kind'];

/** A failure with our own words. `detail` is what the provider said; secrets are removed from it. */
export function toFailure(
  callee: Callee,
  kind: Kind,
  words: { text: string; detail?: string | undefined; retryable?: boolean; httpStatus?: number | undefined },
): ModelFailure {
  const detail = words.detail ? `: ${clip(redact(words.detail, callee.secrets), 500)}` : '';
  return {
    kind,
    message: `${callee.provider} ${redact(words.text, callee.secrets)}${detail}`,
    provider: callee.provider,
    model: callee.model,
    ...(words.httpStatus !== undefined && { httpStatus: words.httpStatus }),
    retryable: words.retryable ?? false,
  };
}

/** The failure behind an answer with an error status, or behind an error object inside a stream (status 200). */
export function toAnswerFailure(callee: Callee, refusal: Refusal): ModelFailure {
  const said = readError(refusal.body);
  const kind = classify(refusal.status, said);
  const failure = toFailure(callee, kind, {
    text: refusal.status < 300 ? 'failed' : `answered ${refusal.status}`,
    detail: said.message,
    retryable: passing.has(kind) && !lasting(refusal.status),
    httpStatus: refusal.status < 300 ? undefined : refusal.status,
  });
  const retryAfterMs = readRetryAfter(refusal.headers, said.raw);
  if ((failure.retryable || kind === 'quota') && retryAfterMs !== undefined) failure.retryAfterMs = retryAfterMs;
  const advice = adviceFor(kind, callee, refusal.status);
  if (kind === 'bad_request') failure.refused = readRefused(said.raw);
  if (advice) failure.message = `${failure.message.replace(/\.$/, '')}. ${advice}`;
  return failure;
}

/** The failure behind an exception of the network, or of what reads the answer. */
export function toNetworkFailure(callee: Callee, error: unknown): ModelFailure {
  const code = findCode(error);
  const host = hostOf(callee.url);
  const unavailable = (text: string, retryable = true) => toFailure(callee, 'unavailable', { text, retryable });
  if (code === 'ECONNREFUSED')
    return unavailable(`is not there: nothing answers at ${bare(callee.url)}: is it running?`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return unavailable(
      `is not there: the host ${host} has no address. Check the network and models.providers.${callee.provider}.baseUrl.`,
    );
  }
  if (code === webPage) {
    const text = `answered with a web page. Check models.providers.${callee.provider}.baseUrl: it is the address of the API.`;
    return toFailure(callee, 'unavailable', { text });
  }
  if (timeoutCodes.has(code)) return unavailable(`gave no connection in time at ${bare(callee.url)}`);
  if (closedCodes.has(code)) return unavailable('closed the connection before the answer was complete');
  if (unreachableCodes.has(code)) return unavailable(`cannot be reached at ${bare(callee.url)} (${code})`);
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return unavailable(`cannot be trusted at ${bare(callee.url)}: its certificate was refused (${code})`, false);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return toFailure(callee, 'unknown', { text: 'failed', detail });
}

/** True when the cause of an error is the network, not the answer. */
export function isNetworkError(error: unknown): boolean {
  return findCode(error) !== '';
}

/** The failure of a stream that ended, or was cut, without the mark of its end. */
export function toCutFailure(callee: Callee): ModelFailure {
  return toFailure(callee, 'unavailable', { text: 'ended the stream before the answer was complete', retryable: true });
}

/** The failure of an answer that does not speak the API it should. */
export function toMalformedFailure(callee: Callee, what: string, excerpt: string): ModelFailure {
  return toFailure(callee, 'unknown', {
    text: `sent ${what} that cannot be read`,
    detail: clip(redact(excerpt, callee.secrets), 80),
    retryable: true,
  });
}

/** Code of the error for a page where an answer should be. */
export const webPage = 'WEB_PAGE';

const timeoutCodes = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
const closedCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_ABORTED', 'ECONNABORTED']);
const unreachableCodes = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'ENETDOWN']);

function classify(status: number, { message, codes }: Said): Kind {
  const text = `${codes} ${message}`;
  if (/context_length_exceeded|exceed_context_size|string_above_max_length/.test(codes) || tooLong.test(message)) {
    return 'context_length';
  }
  if (status === 402 || /insufficient_quota|billing_(not_active|hard_limit)|insufficient_balance|PerDay/.test(codes))
    return 'quota';
  if (/credit balance is too low|insufficient (balance|credits|funds|quota)/i.test(message)) return 'quota';
  if (
    status === 401 ||
    status === 403 ||
    /invalid_api_key|authentication_error|permission_error|API_KEY_INVALID/.test(codes)
  ) {
    return /content_policy|moderation|content_filter/.test(text) ? 'refusal' : 'auth';
  }
  if (status === 429 || /rate_limit|RESOURCE_EXHAUSTED|(^| )429( |$)/.test(codes)) return 'rate_limit';
  if (/content_policy|content_filter|invalid_prompt|responsible_ai/i.test(codes)) return 'refusal';
  if (status === 404 || /model_not_found|not_found_error/.test(codes)) return 'not_found';
  if (
    status === 400 &&
    /model .{0,120}(not found|does not exist|is not supported)|no such model|unknown model/i.test(message)
  ) {
    return 'not_found';
  }
  if (status === 408) return 'timeout';
  if (status === 409 || status === 425 || status >= 500 || (status >= 300 && status < 400)) return 'unavailable';
  if (/overloaded|server_error|api_error|unavailable|internal|timeout|(^| )5\d\d( |$)/i.test(codes))
    return 'unavailable';
  return status >= 400 ? 'bad_request' : 'unknown';
}

const passing: ReadonlySet<Kind> = new Set(['rate_limit', 'unavailable', 'timeout', 'unknown']);

/** Redirects, and what a server does not know at all, are so until somebody changes a setting. */
const lasting = (status: number) => (status >= 300 && status < 400) || status === 501;

const tooLong =
  /context (length|window|size)|maximum context|prompt is too long|input is too long|too many (input )?tokens|input token count .*exceed|exceeds? the (maximum|available|model'?s?) .{0,40}(tokens|context)|reduce the length of the messages/i;

function adviceFor(kind: Kind, callee: Callee, status: number): string {
  if (kind === 'auth') return `Check ${callee.keyName}.`;
  if (kind === 'quota') return `Check the plan and the billing of the account behind ${callee.keyName}.`;
  if (kind === 'not_found')
    return `Check the model's name (${callee.model}) and models.providers.${callee.provider}.baseUrl.`;
  if (status >= 300 && status < 400)
    return `Redirects are not followed: set models.providers.${callee.provider}.baseUrl to the final address.`;
  return '';
}

/** The first error code in a chain of causes, upper case; '' when there is none. */
function findCode(error: unknown): string {
  for (let link = error, depth = 0; link instanceof Error && depth < 6; link = link.cause, depth++) {
    const code = 'code' in link ? link.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    // Happy eyeballs: one error for each address that was tried.
    if (link instanceof AggregateError) return findCode(link.errors[0]);
    if (link.message === 'terminated') return 'UND_ERR_SOCKET';
  }
  return '';
}

function bare(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname.replace(/\/$/, '')}` : 'its baseUrl';
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'of its baseUrl';
}
