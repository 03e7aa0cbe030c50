import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type GatewayOptions, resolveGateway } from '../../server/config/gateway.ts';

const resolve = (options: Partial<GatewayOptions> = {}) => resolveGateway({ config: {}, env: {}, ...options });
const refusal = (options: Partial<GatewayOptions>) => {
  try {
    resolve(options);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('accepted');
};

const address = (ip: string): NetworkInterfaceInfo => ({
  address: ip,
  netmask: '255.0.0.0',
  family: 'IPv4',
  mac: '00:00:00:00:00:00',
  internal: false,
  cidr: null,
});

describe('with nothing configured', () => {
  it('listens on loopback, port 18789, and wants the generated token', () => {
    expect(resolve()).toEqual({
      port: 18_789,
      portSource: 'default',
      tailscale: 'off',
      flagged: [],
      bind: 'loopback',
      hosts: ['127.0.0.1'],
      auth: { mode: 'token', token: undefined, password: undefined, source: 'gateway.token' },
    });
  });
});

describe('the port', () => {
  const config = { gateway: { port: 3 } };
  const env = { OPENCLAW_GATEWAY_PORT: '2' };

  it('comes from --port, then the environment, then the file, then the default', () => {
    const port = (options: Partial<GatewayOptions>) => {
      const { port, portSource } = resolve(options);
      return [port, portSource];
    };
    expect(port({ flags: { port: 1 }, env, config })).toEqual([1, '--port']);
    expect(port({ flags: { port: '65535' }, env, config })).toEqual([65_535, '--port']);
    expect(port({ env, config })).toEqual([2, 'OPENCLAW_GATEWAY_PORT']);
    expect(port({ env: { OPENCLAW_GATEWAY_PORT: ' ' }, config })).toEqual([3, 'gateway.port']);
    expect(port({ dev: true })).toEqual([19_001, 'default']);
    expect(port({ dev: true, config })).toEqual([3, 'gateway.port']);
  });

  it.each(['0', '65536', 'abc', '-1', '80.5', '1e3', '', '0x10'])('refuses --port %j and names it', (port) => {
    expect(refusal({ flags: { port }, env, config })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(`--port "${port}" is no port: use a whole number from 1 to 65535`),
    });
  });

  it('refuses a wrong variable and names it, even beside a good file', () => {
    expect(refusal({ env: { OPENCLAW_GATEWAY_PORT: 'high' }, config })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('OPENCLAW_GATEWAY_PORT "high" is no port'),
    });
  });
});

describe('the addresses', () => {
  const interfaces = { lo: [address('127.0.0.1')], eth0: [address('192.168.1.5'), address('100.63.0.1')] };
  const hosts = (bind: string, extra: Partial<GatewayOptions> = {}) => resolve({ flags: { bind }, ...extra }).hosts;

  it('follow the bind', () => {
    expect(hosts('loopback')).toEqual(['127.0.0.1']);
    expect(hosts('auto')).toEqual(['127.0.0.1']);
    expect(hosts('lan')).toEqual(['0.0.0.0']);
    expect(resolve({ config: { gateway: { bind: 'lan' } } })).toMatchObject({ bind: 'lan', hosts: ['0.0.0.0'] });
  });

  it('are the custom one and loopback', () => {
    const custom = (customBindHost: string) => ({ config: { gateway: { customBindHost } } });
    expect(hosts('custom', custom('192.168.1.5'))).toEqual(['192.168.1.5', '127.0.0.1']);
    expect(hosts('custom', custom('127.0.0.1'))).toEqual(['127.0.0.1']);
    expect(hosts('custom', custom('0.0.0.0'))).toEqual(['0.0.0.0']);
    expect(refusal({ flags: { bind: 'custom' } }).message).toMatch(/gateway\.customBindHost, and it is not set/);
    expect(refusal({ flags: { bind: 'custom' }, ...custom('::1') }).message).toMatch(/and "::1" is none/);
  });

  it('are the one in the tailnet and loopback', () => {
    const tailnet = { ...interfaces, tailscale0: [address('fd7a::1'), address('100.101.2.3')] };
    expect(hosts('tailnet', { interfaces: tailnet })).toEqual(['100.101.2.3', '127.0.0.1']);
    expect(refusal({ flags: { bind: 'tailnet' }, interfaces })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/100\.64\.0\.0\/10, and this machine has none: start Tailscale/),
    });
  });

  it('are asked for with a known word', () => {
    expect(refusal({ flags: { bind: 'lam' } })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: '--bind "lam" is not one of loopback, lan, custom, auto, tailnet; did you mean lan?',
    });
  });
});

describe('the secret', () => {
  const config = { gateway: { auth: { token: 'file' } } };
  const env = { OPENCLAW_GATEWAY_TOKEN: 'env' };

  it('comes from the flag, then the environment, then the file', () => {
    expect(resolve({ flags: { token: 'flag' }, env, config }).auth).toMatchObject({ token: 'flag', source: '--token' });
    expect(resolve({ env, config }).auth).toMatchObject({ token: 'env', source: 'OPENCLAW_GATEWAY_TOKEN' });
    expect(resolve({ config }).auth).toMatchObject({ token: 'file', source: 'gateway.auth.token' });
    expect(resolve({ env: { OPENCLAW_GATEWAY_TOKEN: ' ' }, config }).auth).toMatchObject({ token: 'file' });
  });

  it('is a password when that is all there is, when the mode says so, or when the command line does', () => {
    const password = { mode: 'password', token: undefined, password: 'pw' };
    expect(resolve({ config: { gateway: { auth: { password: 'pw' } } } }).auth).toMatchObject(password);
    expect(resolve({ env: { OPENCLAW_GATEWAY_PASSWORD: 'pw' } }).auth).toMatchObject(password);
    expect(resolve({ flags: { password: 'pw' }, config }).auth).toMatchObject({ ...password, source: '--password' });
    const both = { gateway: { auth: { token: 'file', password: 'pw' } } };
    expect(resolve({ config: both }).auth).toMatchObject({ mode: 'token', token: 'file', password: undefined });
    expect(resolve({ config: both, flags: { auth: 'password' } }).auth).toMatchObject(password);
  });

  it('is not needed in mode none on loopback, and then none is kept', () => {
    expect(resolve({ flags: { auth: 'none' }, config }).auth).toEqual({
      mode: 'none',
      token: undefined,
      password: undefined,
      source: 'none',
    });
  });

  it('has to be there in mode password', () => {
    expect(refusal({ flags: { auth: 'password' } }).message).toBe(
      'auth mode "password" needs a password: set gateway.auth.password or OPENCLAW_GATEWAY_PASSWORD',
    );
  });

  it('may not be a reference that could not be read', () => {
    const reference = { gateway: { auth: { token: `\${GONE}` } } };
    expect(refusal({ config: reference })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/gateway\.auth\.token is the reference \$\{GONE\}/),
    });
    expect(resolve({ config: reference, flags: { token: 'flag' } }).auth.token).toBe('flag');
  });

  it('has a known mode', () => {
    expect(refusal({ flags: { auth: 'pasword' } }).message).toMatch(/did you mean password\?$/);
  });

  it('of a trusted proxy needs the proxy and the header, and takes no shared token', () => {
    const auth = { mode: 'trusted-proxy' as const, trustedProxy: { userHeader: 'x-user' } };
    const gateway = { bind: 'lan' as const, trustedProxies: ['10.0.0.1'], auth };
    expect(resolve({ config: { gateway } })).toMatchObject({
      hosts: ['0.0.0.0'],
      auth: { mode: 'trusted-proxy', token: undefined, password: undefined, source: 'trusted-proxy' },
    });
    expect(resolve({ config: { gateway: { ...gateway, auth: { ...auth, password: 'p' } } } }).auth).toMatchObject({
      password: 'p',
      source: 'gateway.auth.password',
    });
    for (const [config, flags, path] of [
      [{ ...gateway, trustedProxies: [] }, {}, 'gateway.trustedProxies'],
      [{ ...gateway, auth: { mode: auth.mode } }, {}, 'gateway.auth.trustedProxy.userHeader'],
      [{ ...gateway, auth: { ...auth, token: 't' } }, {}, 'gateway.auth.mode'],
      [gateway, { token: 't' }, 'gateway.auth.mode'],
    ] as const)
      expect(refusal({ config: { gateway: config as never }, flags })).toMatchObject({
        code: 'INVALID_CONFIG',
        details: { path },
      });
    expect(refusal({ config: { gateway }, env: { OPENCLAW_GATEWAY_TOKEN: 't' } }).message).toContain(
      'OPENCLAW_GATEWAY_TOKEN',
    );
  });
});

describe('a gateway that others can reach', () => {
  const open = { gateway: { auth: { mode: 'none' as const }, customBindHost: '192.168.1.5' } };

  it.each([
    ['lan', '0.0.0.0'],
    ['custom', '192.168.1.5'],
    ['tailnet', '100.101.2.3'],
  ])('is refused without auth: %s', (bind, host) => {
    const refused = refusal({ config: open, flags: { bind }, interfaces: { ts: [address('100.101.2.3')] } });
    expect(refused.code).toBe('INVALID_CONFIG');
    expect(refused.message).toContain(`Refusing to bind gateway to ${bind} without auth. `);
    expect(refused.message).toContain(`who reaches it at ${host} could`);
    expect(refused.message).toMatch(/Set gateway\.auth\.mode to "token" or "password"/);
    expect(refusal({ flags: { bind: 'lan', auth: 'password' } }).message).toMatch(
      /Refusing to bind gateway to lan without auth\. .+ at 0\.0\.0\.0 .*set gateway\.auth\.password/,
    );
  });

  it('is started with the generated token, a token or a password', () => {
    expect(resolve({ flags: { bind: 'lan' } }).auth).toMatchObject({ mode: 'token', source: 'gateway.token' });
    expect(resolve({ flags: { bind: 'lan', password: 'pw' } }).auth.mode).toBe('password');
    expect(resolve({ config: open, flags: { bind: 'lan', auth: 'token' } }).auth.mode).toBe('token');
    expect(resolve({ config: open, flags: { bind: 'loopback' } }).auth.mode).toBe('none');
  });
});
