import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { toCaller } from '../../server/auth/caller.ts';
import { findClient, isForwarded, judgeClaim } from '../../server/auth/proxies.ts';
import { toAddressRange } from '../../server/config/address-range.ts';

describe('the client behind a proxy', () => {
  const trusted = ['10.0.0.0/8', '2001:db8::/32'];
  const find = (forwarded: string | undefined, source = '10.0.0.1') =>
    findClient({ source, headers: { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) } }, { trusted });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9:4711 ', '203.0.113.9'],
    ['[2001:db9::1]:4711', '2001:db9::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    // What stands left of the last stranger was said by a stranger.
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['127.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 2001:db8::7', '203.0.113.9'],
  ])('of %j is %s', (forwarded, client) => {
    expect(find(forwarded)).toBe(client);
  });

  it.each([
    [undefined],
    [''],
    ['unknown'],
    ['203.0.113.9, unknown'],
    ['203.0.113.9, _hidden'],
    ['203.0.113.9, 127.0.0.1'],
    ['203.0.113.9, ::1'],
    ['203.0.113.9, ::ffff:127.0.0.1'],
    ['203.0.113.9, ::ffff:7f00:1'],
    ['203.0.113.9, 0:0:0:0:0:0:0:1'],
    ['203.0.113.9, ::1%lo'],
    ['10.0.0.2'],
    ['10.0.0.2, 10.0.0.3'],
    ['203.0.113.999'],
    [`${'203.0.113.9,'.repeat(40)}203.0.113.9`],
  ])('of %j is nobody', (forwarded) => {
    expect(find(forwarded)).toBeUndefined();
  });

  it('is nobody when the source is no trusted proxy', () => {
    expect(find('203.0.113.9', '192.0.2.1')).toBeUndefined();
    expect(find('203.0.113.9', '')).toBeUndefined();
  });

  it('is that of X-Real-IP only where that was allowed, and nothing else is said', () => {
    const passed = { source: '10.0.0.1', headers: { 'x-real-ip': '203.0.113.9' } };
    expect(findClient(passed, { trusted })).toBeUndefined();
    expect(findClient(passed, { trusted, realIpFallback: true })).toBe('203.0.113.9');
    const both = { ...passed, headers: { ...passed.headers, 'x-forwarded-for': '198.51.100.1' } };
    expect(findClient(both, { trusted, realIpFallback: true })).toBe('198.51.100.1');
  });

  it('is looked for where somebody says that it is passed on', () => {
    for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])
      expect(isForwarded({ [name]: '' })).toBe(true);
    expect(isForwarded({ host: 'x', via: '1.1 y' })).toBe(false);
  });
});

describe('what a proxy says of a person', () => {
  const identity = { userHeader: 'X-User' };
  const headers = { 'x-forwarded-for': '203.0.113.9', 'x-user': ' nick ' };
  const judge = (source: string, more: object = {}, said: object = headers) =>
    judgeClaim(
      { source, headers: said as never },
      { trusted: ['10.0.0.0/8', '127.0.0.1'], ownAddresses: () => ['10.0.0.5'], identity: { ...identity, ...more } },
    );

  it('counts from a trusted source that is another machine', () => {
    expect(judge('10.0.0.1')).toEqual({ user: 'nick' });
    expect(judge('192.0.2.1').fault?.reason).toBe('trusted_proxy_untrusted_source');
    expect(judge('10.0.0.5').fault?.reason).toBe('trusted_proxy_local_interface_source');
    expect(judge('127.0.0.1').fault?.reason).toBe('trusted_proxy_loopback_source');
    expect(judge('127.0.0.1', { allowLoopback: true })).toEqual({ user: 'nick' });
  });

  it('names the first of several faults', () => {
    expect(judge('127.0.0.1', {}, {}).fault?.reason).toBe('proxy_attribution_required');
    const needs = { requiredHeaders: ['X-Proof'], allowUsers: ['eve'] };
    expect(judge('10.0.0.1', needs, { 'x-forwarded-for': '203.0.113.9' }).fault?.reason).toBe(
      'trusted_proxy_missing_header_x-proof',
    );
    expect(judge('10.0.0.1', needs, { 'x-forwarded-for': '203.0.113.9', 'x-proof': '1' }).fault?.reason).toBe(
      'trusted_proxy_user_missing',
    );
    expect(judge('10.0.0.1', needs, { ...headers, 'x-proof': '1' }).fault?.reason).toBe(
      'trusted_proxy_user_not_allowed',
    );
  });

  it('does not count when the header came twice, of which one may be of the client; scopes said twice are none', () => {
    const rawHeaders = ['X-Forwarded-For', '203.0.113.9', 'x-user', 'eve', 'X-User', 'nick'];
    const request = { socket: { remoteAddress: '10.0.0.1' } as Socket, rawHeaders };
    const said = { ...headers, 'x-user': 'eve, nick', 'x-openclaw-scopes': 'operator.admin, operator.read' };
    const proxies = { trusted: ['10.0.0.0/8'], identity };
    const caller = toCaller({ ...request, headers: said }, proxies);
    expect(caller.claim?.fault?.reason).toBe('trusted_proxy_user_ambiguous');
    expect(caller.scopes).toEqual(['operator.admin', 'operator.read']);
    const twice = [
      ...rawHeaders.slice(0, 4),
      'x-openclaw-scopes',
      'operator.admin',
      'X-OpenClaw-Scopes',
      'operator.read',
    ];
    const other = toCaller({ ...request, rawHeaders: twice, headers: said }, proxies);
    expect([other.claim?.user, other.scopes]).toEqual(['eve, nick', []]);
  });

  it('compares mail addresses without regard to case, and other names exactly', () => {
    const said = (user: string) => ({ 'x-forwarded-for': '203.0.113.9', 'x-user': user });
    expect(judge('10.0.0.1', { allowUsers: ['Nick@Example.org'] }, said('nick@example.ORG'))).toEqual({
      user: 'nick@example.ORG',
    });
    expect(judge('10.0.0.1', { allowUsers: ['nick'] }, said('Nick')).fault?.reason).toBe(
      'trusted_proxy_user_not_allowed',
    );
  });
});

describe('a range of addresses', () => {
  it.each([
    ['10.0.0.1', { network: '10.0.0.1', prefix: 32, family: 'ipv4' }],
    ['10.0.0.0/8', { network: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['::ffff:10.0.0.0/104', { network: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['fd00::/8', { network: 'fd00::', prefix: 8, family: 'ipv6' }],
  ])('%s', (entry, range) => {
    expect(toAddressRange(entry)).toEqual(range);
  });

  it.each(['', 'proxy.lan', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/x', '::ffff:10.0.0.0/8'])(
    'is not %j',
    (entry) => {
      expect(toAddressRange(entry)).toBeUndefined();
    },
  );
});
