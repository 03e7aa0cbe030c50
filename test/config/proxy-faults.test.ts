import { describe, expect, it } from 'vitest';
import { findProxyFaults } from '../../server/config/proxy-faults.ts';

describe('gateway.trustedProxies', () => {
  it('names every entry that could never match', () => {
    const trustedProxies = ['10.0.0.1', 'proxy.lan', 'fd00::/8', '10.0.0.0/40'];
    expect(findProxyFaults({ gateway: { trustedProxies } }).map(({ path }) => path)).toEqual([
      'gateway.trustedProxies[1]',
      'gateway.trustedProxies[3]',
    ]);
    expect(findProxyFaults({ gateway: { trustedProxies: ['::1'] } })).toEqual([]);
    expect(findProxyFaults({})).toEqual([]);
  });
});
