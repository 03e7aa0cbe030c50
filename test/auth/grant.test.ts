import { describe, expect, it } from 'vitest';
import { type Claim, grantScopes } from '../../server/auth/grant.ts';
import { local, remote } from './callers.ts';

const grant = (changes: Partial<Claim>) =>
  grantScopes({
    client: { id: 'gateway-client', mode: 'backend' },
    role: 'operator',
    scopes: ['operator.read', 'x.unknown'],
    hasDevice: false,
    caller: local,
    ...changes,
  });

describe('grantScopes', () => {
  it.each([
    ['gateway-client', 'backend'],
    ['cli', 'cli'],
  ] as const)('keeps what %s/%s asks for, unknown names too, wherever it is', (id, mode) => {
    for (const caller of [local, remote])
      expect(grant({ client: { id, mode }, caller })).toEqual(['operator.read', 'x.unknown']);
  });

  it.each([
    ['cli', 'probe'],
    ['gateway-client', 'ui'],
    ['webchat', 'webchat'],
    ['test', 'test'],
    ['openclaw-macos', 'ui'],
  ] as const)('gives %s/%s nothing without a device', (id, mode) => {
    expect(grant({ client: { id, mode } })).toEqual([]);
  });

  it('gives nothing to a page without a device, whatever it says it is', () => {
    expect(grant({ caller: { ...local, origin: 'http://localhost:18789' } })).toEqual([]);
  });

  it('keeps what a device asks for, wherever it is', () => {
    expect(grant({ client: { id: 'test', mode: 'test' }, hasDevice: true, caller: remote })).toEqual([
      'operator.read',
      'x.unknown',
    ]);
  });

  it('gives a node none', () => {
    expect(grant({ role: 'node', hasDevice: true })).toEqual([]);
  });
});
