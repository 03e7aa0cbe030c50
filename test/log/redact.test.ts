import { describe, expect, it } from 'vitest';
import { createRedactor, maskSecret } from '../../server/log/redact.ts';

describe('maskSecret', () => {
  it('keeps six and four characters of a long secret, nothing of a short one', () => {
    expect(maskSecret('123456789012345678')).toBe('123456…5678');
    expect(maskSecret('12345678901234567')).toBe('***');
  });
});

describe('a known secret', () => {
  it('is masked wherever it stands, however it is escaped', () => {
    const { text } = createRedactor({ secrets: ['pa"ss/word', 'abcdefghijklmnopqrst'] });
    expect(text('pa"ss/word, pa%22ss%2Fword, pa\\"ss/word')).toBe('***, ***, ***');
    expect(text('xabcdefghijklmnopqrsty')).toBe('xabcdef…qrsty');
  });

  it('is masked in base64, wherever it begins there, in JSON within JSON, and in forms', () => {
    const secret = 'user "se/cret" + more?';
    const { text } = createRedactor({ secrets: [secret] });
    const json = JSON.stringify({ body: JSON.stringify({ secret }) });
    for (const before of ['', 'u', 'us', 'use'])
      for (const encoding of ['base64', 'base64url'] as const) {
        const code = Buffer.from(`${before}${secret}:more`).toString(encoding);
        expect(text(code)).not.toContain(code.slice(6, 24));
      }
    for (const form of [json, encodeURIComponent(secret).toLowerCase(), `${new URLSearchParams({ x: secret })}`])
      expect(text(form)).toMatch(/user "…ore\?/);
  });

  it('of eight or more characters is masked outside of the log, and what looks like one is not', () => {
    const { known } = createRedactor({ secrets: ['main', 'long-enough'] });
    expect(known('main: long-enough, token: abcdefgh')).toBe('main: ***, token: abcdefgh');
  });

  it('is masked as a whole when it holds another one', () => {
    const { text } = createRedactor({ secrets: ['short', 'short-and-long'] });
    expect(text('a short-and-long b short c')).toBe('a *** b *** c');
  });

  it('may become known later', () => {
    const redactor = createRedactor();
    expect(redactor.text('a hunter2 b')).toBe('a hunter2 b');
    redactor.learn('hunter2');
    expect(redactor.text('a hunter2 b')).toBe('a *** b');
  });

  it('of three characters is left alone: it would match everywhere', () => {
    expect(createRedactor({ secrets: ['dev', ''] }).text('a device')).toBe('a device');
  });

  it('is no replacement pattern', () => {
    expect(createRedactor({ secrets: ["$&$'$`$1-abcdefghijkl"] }).text("is $&$'$`$1-abcdefghijkl.")).toBe(
      "is $&$'$`…ijkl.",
    );
  });
});

describe('the shape of a credential', () => {
  const { text } = createRedactor();

  it.each([
    ['Authorization: Bearer abcdefgh12345678ijkl', 'Authorization: Bearer abcdef…ijkl'],
    ['authorization: basic dXNlcjpwYXNz', 'authorization: basic ***'],
    ['key sk-proj-abcdefghijklmnop here', 'key sk-pro…mnop here'],
    ['sk-ant-api03-abcdefghijklmnop', 'sk-ant…mnop'],
    ['AIzaSyA1234567890123456789012345678901', 'AIzaSy…8901'],
    ['ghp_abcdefghijklmnop0123', 'ghp_ab…0123'],
    ['xoxb-1234567890-abcdef', 'xoxb-1…cdef'],
    ['AKIAIOSFODNN7EXAMPLE', 'AKIAIO…MPLE'],
    ['eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK', 'eyJhbG…SMeK'],
    ['bot 123456789:AAabcdefghijklmnopqrstuvwxyz012345', 'bot 123456…2345'],
    ['https://me:hunter2@example.org/path', 'https://me:***@example.org/path'],
    ['GET /v1?api_key=abcdef123&x=1', 'GET /v1?api_key=***&x=1'],
    ['GET /hook?sig=abcdef123&key=ghijkl456 200', 'GET /hook?sig=***&key=*** 200'],
    ['POST /v1/token/abcdefghij0123456789 404', 'POST /v1/token/abcdef…6789 404'],
    ['POST /bot123456789:AAabcdefghijklmnopqrstuvwxyz012345/send', 'POST /bot123…2345/send'],
    ['{"apiKey":"abcdef123","n":1}', '{"apiKey":"***","n":1}'],
    ["{ password: 'hunter22' }", "{ password: '***' }"],
    ['password=hunter\\22', 'password=***'],
    ['{"say":"send \\"Authorization: Bearer\\""}', '{"say":"send \\"Authorization: ***\\""}'],
    ['{"say":"/?code=abcdef\\" and"}', '{"say":"/?code=***\\" and"}'],
    ['access_token=abcdefghijklmnopqrst;', 'access_token=abcdef…qrst;'],
    [
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\nMIIEvQ…kiG\n-----END PRIVATE KEY-----',
    ],
  ])('%j is masked', (given, masked) => {
    expect(text(given)).toBe(masked);
  });

  it.each([
    'gateway token: /home/me/.openclaw/gateway.token',
    'maxTokens: 4096, tokens=1234567',
    'http://127.0.0.1:18789/v1/chat/completions',
    'session agent:main:dashboard:6f1c2d34-aaaa-bbbb-cccc-1234567890ab',
    'the basic idea of a task-oriented risk-free desk',
    '2026-11-22T14:57:37.225+00:00',
  ])('%j is not one', (given) => {
    expect(text(given)).toBe(given);
  });

  it('takes linear time on hostile text', () => {
    const hostile = [
      `sk-${'-'.repeat(30_000)}`,
      `//${':'.repeat(30_000)}`,
      `token${' '.repeat(30_000)}`,
      'eyJ'.repeat(10_000),
      `${'-----BEGIN PRIVATE KEY-----'.repeat(1_000)}`,
    ];
    // Quadratic patterns would take minutes, and run into the deadline of the test.
    for (const value of hostile) expect(text(value.repeat(10)).length).toBeGreaterThan(0);
  }, 10_000);
});

describe('a pattern of the operator', () => {
  it('masks its last group, or the whole match', () => {
    const { text } = createRedactor({ patterns: ['order-\\d+', 'pin=(\\d+)', '/CaseSensitive/g'] });
    expect(text('ORDER-12 pin=1234 CaseSensitive casesensitive')).toBe('*** pin=*** *** casesensitive');
  });

  it('has to be a regular expression', () => {
    expect(() => createRedactor({ patterns: ['('] })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: 'logging.redactPatterns: "(" is no regular expression: correct it',
      }),
    );
  });
});
