import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isLoopbackAddress } from '../../server/auth/addresses.ts';
import { toCaller } from '../../server/auth/caller.ts';
import { isAllowedHost, refuseOrigin } from '../../server/auth/origin.ts';
import { local, remote } from './callers.ts';

describe('toCaller', () => {
  const read = (remoteAddress: string, headers: IncomingMessage['headers'] = {}) =>
    toCaller({ socket: { remoteAddress } as IncomingMessage['socket'], headers });

  it('is local on loopback, also when that is written as IPv6', () => {
    expect(read('127.0.0.1').local).toBe(true);
    expect(read('::1').local).toBe(true);
    expect(read('::ffff:127.0.0.1')).toMatchObject({ address: '127.0.0.1', local: true });
    expect(read('192.0.2.7').local).toBe(false);
  });

  it.each([
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
    'x-forwarded-port',
    'x-original-forwarded-for',
    'x-client-ip',
    'fly-client-ip',
    'cf-ray',
    'cdn-loop',
    'x-envoy-external-address',
  ])('is not local when a proxy says %s', (header) => {
    expect(read('127.0.0.1', { [header]: '127.0.0.1' }).local).toBe(false);
  });

  it('does not take a name for an address', () => {
    expect(isLoopbackAddress('127.0.0.1.evil.example')).toBe(false);
  });
});

describe('refuseOrigin', () => {
  const allowedOrigins = ['https://Control.example', 'http://localhost:5173/'];
  const refuse = (origin: string | undefined, caller = local, required = false) =>
    refuseOrigin({ ...caller, origin }, { allowedOrigins, required });

  it('passes clients that are no browser', () => {
    expect(refuse(undefined)).toBeUndefined();
    expect(refuse(undefined, remote)).toBeUndefined();
  });

  it('wants one from clients that say they are a page', () => {
    expect(refuse(undefined, local, true)).toBe('origin missing or invalid');
  });

  it.each(['https://control.example', 'http://localhost:5173'])('passes the configured %s from anywhere', (origin) => {
    expect(refuse(origin, remote)).toBeUndefined();
  });

  it.each(['http://127.0.0.1:18789', 'http://localhost:18789', 'http://[::1]:18789'])(
    'passes own page %s',
    (origin) => {
      expect(refuse(origin)).toBeUndefined();
    },
  );

  it.each([
    'https://evil.example',
    'http://127.0.0.1:8080',
    'http://localhost.evil.example:18789',
    'http://control.example',
    'https://control.example.evil.example',
  ])('refuses %s', (origin) => {
    expect(refuse(origin)).toBe('origin not allowed');
  });

  it('refuses a loopback page of another machine', () => {
    expect(refuse('http://localhost:18789', { ...remote, host: 'localhost:18789' })).toBe('origin not allowed');
  });

  it.each([
    '192.168.1.5:18789',
    '10.0.0.2',
    '172.20.0.1:18789',
    '100.100.1.1:18789',
    'nas.local:18789',
    '[fd12::1]:18789',
  ])('passes a page that came from the gateway by %s', (host) => {
    expect(refuse(`http://${host}`, { ...remote, host })).toBeUndefined();
    expect(refuse(`https://${host}`, { ...remote, host })).toBeUndefined();
  });

  it.each([
    ['a public name that was pointed here', 'http://rebound.example:18789', 'rebound.example:18789'],
    ['a public address', 'http://8.8.8.8:18789', '8.8.8.8:18789'],
    ['another machine of the network', 'http://192.168.1.6:18789', '192.168.1.5:18789'],
    ['another port', 'http://192.168.1.5:8080', '192.168.1.5:18789'],
    ['a name that only looks private', 'http://192.168.1.5.evil.example:18789', '192.168.1.5.evil.example:18789'],
  ])('refuses %s', (_name, origin, host) => {
    expect(refuse(origin, { ...remote, host })).toBe('origin not allowed');
  });

  it.each(['null', 'nonsense'])('refuses the origin %s', (origin) => {
    expect(refuse(origin)).toBe('origin missing or invalid');
  });

  it('passes anything when * is allowed', () => {
    const caller = { ...remote, origin: 'https://any.example' };
    expect(refuseOrigin(caller, { allowedOrigins: ['*'] })).toBeUndefined();
  });
});

describe('isAllowedHost', () => {
  it.each([
    'localhost',
    'localhost:18789',
    '127.0.0.1:18789',
    '[::1]:18789',
    '192.0.2.7:18789',
    'dev.localhost',
    undefined,
  ])('lets %s reach loopback', (host) => {
    expect(isAllowedHost(host, [])).toBe(true);
  });

  it.each(['evil.example', 'evil.example:18789', 'localhost.evil.example', '127.0.0.1.evil.example', 'a b', ''])(
    'keeps out %j',
    (host) => {
      expect(isAllowedHost(host, [])).toBe(false);
    },
  );

  it('lets the names of allowed origins in', () => {
    expect(isAllowedHost('gateway.example', ['https://gateway.example'])).toBe(true);
  });
});
