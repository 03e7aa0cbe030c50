import { describe, expect, it } from 'vitest';
import { operatorScopes } from '../../sdk/protocol/scopes.ts';
import { limitAttempts } from '../../server/auth/attempts.ts';
import { type AuthPolicy, type AuthRequest, defineAuthentication } from '../../server/auth/authenticate.ts';
import { local, remote } from './callers.ts';

const secret = 'correct-horse-battery-staple';
const source = '/home/me/.openclaw/gateway.token';

const ask = (policy: AuthPolicy, request: Partial<AuthRequest>) =>
  defineAuthentication(policy, limitAttempts()).authenticate({
    credentials: undefined,
    caller: local,
    id: 'c1',
    ...request,
  });

describe('a right credential', () => {
  it.each([
    [{ mode: 'token', token: secret }, { token: secret }],
    [{ mode: 'token', token: secret }, { password: secret }],
    [{ mode: 'password', password: secret }, { token: secret }],
    [{ mode: 'password', password: secret }, { password: secret }],
    [
      { mode: 'token', token: secret },
      { token: 'wrong', password: secret },
    ],
    [
      { mode: 'token', token: secret },
      { token: secret, deviceToken: 'stale' },
    ],
  ] as const)('%j is met by %j', async (policy, credentials) => {
    const { principal } = await ask(policy, { credentials });
    expect(principal).toEqual({ id: 'c1', role: 'operator', scopes: operatorScopes, method: policy.mode });
  });

  it('is needed by nobody in mode none', async () => {
    const { principal } = await ask({ mode: 'none' }, { credentials: { token: 'any' } });
    expect(principal?.method).toBe('none');
  });

  it('brings the role and scopes that the caller was granted, and no others', async () => {
    const request = { credentials: { token: secret }, role: 'node', scopes: [] } as const;
    const { principal } = await ask({ mode: 'token', token: secret }, request);
    expect(principal).toMatchObject({ role: 'node', scopes: [] });
  });

  it('of the other mode opens nothing', async () => {
    const policy: AuthPolicy = { mode: 'token', token: secret, password: 'other' };
    const { refusal } = await ask(policy, { credentials: { password: 'other' } });
    expect(refusal?.code).toBe('AUTH_TOKEN_MISMATCH');
  });
});

describe('a refusal', () => {
  const token: AuthPolicy = { mode: 'token', token: secret, source };
  const password: AuthPolicy = { mode: 'password', password: secret };
  const device = { deviceId: 'd1' };

  it.each([
    [token, {}, 'AUTH_TOKEN_MISSING', 'token_missing', 'update_auth_configuration'],
    [token, { credentials: { token: '' } }, 'AUTH_TOKEN_MISSING', 'token_missing', 'update_auth_configuration'],
    [token, { credentials: { token: 'x' } }, 'AUTH_TOKEN_MISMATCH', 'token_mismatch', 'update_auth_credentials'],
    [password, {}, 'AUTH_PASSWORD_MISSING', 'password_missing', 'update_auth_configuration'],
    [
      password,
      { credentials: { password: 'x' } },
      'AUTH_PASSWORD_MISMATCH',
      'password_mismatch',
      'update_auth_credentials',
    ],
    [
      token,
      { credentials: { deviceToken: 'x' }, ...device },
      'AUTH_DEVICE_TOKEN_MISMATCH',
      'device_token_mismatch',
      'update_auth_credentials',
    ],
    [
      token,
      { credentials: { bootstrapToken: 'x' }, ...device },
      'AUTH_BOOTSTRAP_TOKEN_INVALID',
      'bootstrap_token_invalid',
      'review_auth_configuration',
    ],
    [
      token,
      { credentials: { bootstrapToken: 'x' } },
      'AUTH_TOKEN_MISSING',
      'token_missing',
      'update_auth_configuration',
    ],
  ] as const)('of %j by %j says %s', async (policy, request, code, authReason, recommendedNextStep) => {
    const { refusal } = await ask(policy, request);
    expect(refusal).toMatchObject({
      code,
      details: { code, authReason, recommendedNextStep, canRetryWithDeviceToken: false },
    });
  });

  it('of a token tells a device that its own token may do', async () => {
    const { refusal } = await ask(token, { credentials: { token: 'x' }, ...device });
    expect(refusal?.details).toMatchObject({
      canRetryWithDeviceToken: true,
      recommendedNextStep: 'retry_with_device_token',
    });
  });

  it('says where the right one is kept and how to send it, but neither secret', async () => {
    const { refusal } = await ask(token, { credentials: { token: 'presented-secret' } });
    expect(refusal?.message).toBe(
      `unauthorized: gateway token mismatch (this gateway's token is ${source}: send it with --token, or as "Authorization: Bearer")`,
    );
    expect(JSON.stringify(refusal)).not.toMatch(/presented-secret|correct-horse/);
  });

  it('does not tell a stranger where files lie', async () => {
    const { refusal } = await ask(token, { credentials: { token: 'x' }, caller: remote });
    expect(refusal?.message).not.toContain(source);
    expect(refusal?.message).toContain('set by its operator');
  });
});

describe('a lockout', () => {
  const policy: AuthPolicy = { mode: 'token', token: secret };
  const fill = async (attempts = limitAttempts(() => ({ maxAttempts: 2 }))) => {
    const authentication = defineAuthentication(policy, attempts);
    const wrong = { credentials: { token: 'x' }, caller: remote, id: 'c' };
    await Promise.all([authentication.authenticate(wrong), authentication.authenticate(wrong)]);
    return authentication;
  };

  it('holds for the right secret, too, and says for how long', async () => {
    const authentication = await fill();
    const { refusal } = await authentication.authenticate({ credentials: { token: secret }, caller: remote, id: 'c' });
    expect(refusal).toMatchObject({
      code: 'AUTH_RATE_LIMITED',
      message: 'unauthorized: too many failed authentication attempts (retry later)',
      details: { authReason: 'rate_limited', recommendedNextStep: 'wait_then_retry' },
    });
    expect(refusal?.retryAfterMs).toBeGreaterThan(290_000);
  });

  it('leaves callers alone who present nothing, and those on this machine', async () => {
    const authentication = await fill();
    const absent = await authentication.authenticate({ credentials: undefined, caller: remote, id: 'c' });
    expect(absent.refusal?.code).toBe('AUTH_TOKEN_MISSING');
    const near = await authentication.authenticate({ credentials: { token: secret }, caller: local, id: 'c' });
    expect(near.principal).toBeDefined();
  });
});

describe('a policy', () => {
  it.each([{ mode: 'token' }, { mode: 'password', token: 'x' }, { mode: 'token', token: '' }] as const)(
    '%j without its secret is refused with the key to set',
    (policy) => {
      expect(() => defineAuthentication(policy, limitAttempts())).toThrow(`set gateway.auth.${policy.mode}`);
    },
  );
});
