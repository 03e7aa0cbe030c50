import { describe, expect, it } from 'vitest';
import { type Callee, toAnswerFailure, toNetworkFailure } from '../../server/models/failure.ts';
import { redact } from '../../server/models/redact.ts';

const callee: Callee = {
  provider: 'acme',
  model: 'anvil-1',
  url: 'https://api.acme.test/v1?trace=1',
  keyName: 'ACME_API_KEY',
  secrets: ['secret-of-acme'],
};

const answer = (status: number, body: unknown, headers = {}) =>
  toAnswerFailure(callee, { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, code, param: null },
});
const googleError = (status: string, details: unknown[] = []) => ({
  error: { code: 429, message: 'Quota exceeded.', status, details },
});

describe('a member that a provider refuses', () => {
  it('is named with the code, as far as they are names', () => {
    const refuse = (param: unknown, code: unknown) =>
      answer(400, { error: { message: 'no', type: 'invalid_request_error', param, code } }).refused;
    expect(refuse('temperature', 'unsupported_value')).toEqual({ param: 'temperature', code: 'unsupported_value' });
    expect(refuse('tools[0].function', null)).toEqual({ param: 'tools[0].function' });
    expect(refuse('a b\n', 400)).toEqual({});
    expect(answer(500, openai('boom', 'unsupported_value')).refused).toBeUndefined();
  });
});

describe('the kind of a failure', () => {
  it.each([
    ['auth', 401, openai('Incorrect API key provided', 'invalid_api_key')],
    ['auth', 403, openai('Country not supported')],
    [
      'auth',
      400,
      {
        error: {
          code: 400,
          message: 'API key not valid.',
          status: 'INVALID_ARGUMENT',
          details: [{ reason: 'API_KEY_INVALID' }],
        },
      },
    ],
    ['rate_limit', 429, openai('Rate limit reached', 'rate_limit_exceeded', 'requests')],
    [
      'rate_limit',
      429,
      googleError('RESOURCE_EXHAUSTED', [{ violations: [{ quotaId: 'GenerateRequestsPerMinutePerProject' }] }]),
    ],
    [
      'quota',
      429,
      googleError('RESOURCE_EXHAUSTED', [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProject' }] }]),
    ],
    ['quota', 429, openai('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota')],
    ['quota', 402, openai('Insufficient credits')],
    [
      'quota',
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' },
      },
    ],
    ['not_found', 404, openai('The model `x` does not exist', 'model_not_found')],
    ['not_found', 404, { error: 'model "x" not found, try pulling it first' }],
    ['not_found', 400, openai('Model "x" is not supported')],
    ['context_length', 400, openai('too long', 'context_length_exceeded')],
    ['context_length', 400, openai("This model's maximum context length is 8192 tokens.")],
    [
      'context_length',
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
      },
    ],
    [
      'context_length',
      400,
      {
        error: {
          code: 400,
          message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
          status: 'INVALID_ARGUMENT',
        },
      },
    ],
    [
      'context_length',
      400,
      {
        error: {
          code: 400,
          type: 'exceed_context_size_error',
          message: 'the request exceeds the available context size',
        },
      },
    ],
    ['refusal', 400, openai('The response was filtered', 'content_filter')],
    ['bad_request', 400, openai('Unknown parameter: x')],
    ['bad_request', 422, { detail: [{ msg: 'field required' }] }],
    ['unavailable', 302, ''],
    ['unavailable', 501, ''],
    ['timeout', 408, ''],
    ['unavailable', 500, '<html><body><h1>Internal error</h1></body></html>'],
    ['unavailable', 529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    ['unavailable', 504, ''],
    // An error inside a stream that began with 200.
    ['unavailable', 200, { error: { message: 'Provider returned error', code: 502 } }],
    ['rate_limit', 200, { error: { message: 'slow down', code: 429 } }],
    ['unavailable', 200, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    ['unknown', 200, { error: 'something odd' }],
  ] as const)('is %s for %i %j', (kind, status, body) => {
    const failure = answer(status, body);
    expect(failure).toMatchObject({ kind, provider: 'acme', model: 'anvil-1' });
    const isLasting = status === 302 || status === 501;
    expect(failure.retryable).toBe(!isLasting && ['rate_limit', 'unavailable', 'timeout', 'unknown'].includes(kind));
    expect(failure.httpStatus).toBe(status === 200 ? undefined : status);
  });
});

describe('the message of a failure', () => {
  it('holds provider, status, the words of the provider and what to do', () => {
    expect(answer(401, openai('Incorrect API key provided: secret-of-acme.')).message).toBe(
      'acme answered 401: Incorrect API key provided: ***. Check ACME_API_KEY.',
    );
    expect(answer(404, { error: 'model "anvil-1" not found' }).message).toContain("Check the model's name (anvil-1)");
    expect(answer(500, '<html><h1>Bad   Gateway</h1></html>').message).toBe('acme answered 500: Bad Gateway');
    expect(answer(422, { detail: 'field required' }).message).toContain('field required');
    expect(
      answer(400, { error: { message: 'Provider returned error', metadata: { raw: 'the real reason' } } }).message,
    ).toContain('the real reason');
  });

  it('is bounded', () => {
    expect(answer(400, openai('x'.repeat(100_000))).message.length).toBeLessThan(700);
  });
});

describe('the time to wait', () => {
  it.each([
    [{ 'retry-after': '3' }, {}, 3000],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, {}, 1500],
    [{ 'retry-after': '999999999' }, {}, 86_400_000],
    [{ 'retry-after': 'soon' }, {}, undefined],
    [
      {},
      googleError('RESOURCE_EXHAUSTED', [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' }]),
      34_500,
    ],
  ])('of %j is read', (headers, body, retryAfterMs) => {
    expect(answer(429, body, headers).retryAfterMs).toBe(retryAfterMs);
  });

  it('may be a date', () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs = 0 } = answer(503, '', { 'retry-after': date });
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('is not given for what no waiting cures', () => {
    expect(answer(401, '', { 'retry-after': '3' }).retryAfterMs).toBeUndefined();
  });
});

describe('a failure of the network', () => {
  const withCode = (code: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('low'), { code }) });

  it.each([
    ['ECONNREFUSED', 'nothing answers at https://api.acme.test/v1: is it running?'],
    ['ENOTFOUND', 'the host api.acme.test has no address'],
    ['UND_ERR_CONNECT_TIMEOUT', 'gave no connection in time'],
    ['UND_ERR_SOCKET', 'closed the connection before the answer was complete'],
    ['ECONNRESET', 'closed the connection before the answer was complete'],
    ['EHOSTUNREACH', 'cannot be reached'],
  ])('%s says what is wrong and may pass', (code, words) => {
    expect(toNetworkFailure(callee, withCode(code))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      message: expect.stringContaining(words),
    });
  });

  it('of a certificate does not pass', () => {
    expect(toNetworkFailure(callee, withCode('DEPTH_ZERO_SELF_SIGNED_CERT'))).toMatchObject({
      kind: 'unavailable',
      retryable: false,
    });
  });

  it('is found among the addresses that were tried', () => {
    const error = new AggregateError([Object.assign(new Error('low'), { code: 'ECONNREFUSED' })]);
    expect(toNetworkFailure(callee, error).message).toContain('is it running?');
  });

  it('that nobody knows keeps its words, without secrets', () => {
    expect(toNetworkFailure(callee, new Error('odd: secret-of-acme'))).toMatchObject({
      kind: 'unknown',
      message: 'acme failed: odd: ***',
    });
  });
});

describe('redaction', () => {
  it.each([
    ['key k"1/2+3 here', 'key *** here'],
    ['url ?x=k%221%2F2%2B3&y=1', 'url ?x=***&y=1'],
    ['json "k\\"1/2+3"', 'json "***"'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer ***'],
    ['{"x-api-key": "0123456789"}', '{"x-api-key": "***"}'],
    ['The basic plan does not include this', 'The basic plan does not include this'],
  ])('of %s', (text, clean) => {
    expect(redact(text, ['k"1/2+3'])).toBe(clean);
  });

  it.each(['sk-proj-abcdefghijklmnop', `AIza${'y'.repeat(35)}`])('masks %s without being told', (secret) => {
    expect(redact(`key provided: ${secret}.`, [])).not.toContain(secret);
  });

  it('leaves placeholders of local servers alone', () => {
    expect(redact('none of the test models', ['none', 'test'])).toBe('none of the test models');
  });
});
