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
  const asked = ['operator.read', 'x.unknown'];

  it.each([
    ['gateway-client', 'backend'],
    ['cli', 'cli'],
  ] as const)('keeps what %s/%s asks for, unknown names too, wherever it is, and says where', (id, mode) => {
    expect(grant({ client: { id, mode } })).toEqual({ scopes: asked, grantedAs: 'local-tool', withheld: [] });
    const elsewhere = grant({ client: { id, mode }, caller: remote });
    expect(elsewhere).toEqual({ scopes: asked, grantedAs: 'remote-tool', withheld: [] });
  });

  it.each([
    ['cli', 'probe'],
    ['gateway-client', 'ui'],
    ['webchat', 'webchat'],
    ['test', 'test'],
    ['openclaw-macos', 'ui'],
  ] as const)('gives %s/%s nothing without a device, and says why of each scope', (id, mode) => {
    const { scopes, grantedAs, withheld } = grant({ client: { id, mode } });
    expect({ scopes, grantedAs }).toEqual({ scopes: [], grantedAs: 'guest' });
    expect(withheld).toMatchObject(asked.map((scope) => ({ scope, reason: 'device-required' })));
    expect(withheld[0]?.fix).toContain('send device in connect');
  });

  it('gives nothing to a page without a device, whatever it says it is', () => {
    const page = grant({ caller: { ...local, origin: 'http://localhost:18789' } });
    expect(page).toMatchObject({ scopes: [], grantedAs: 'guest', withheld: [{ scope: 'operator.read' }, {}] });
  });

  it('keeps what a device asks for, wherever it is', () => {
    const device = grant({ client: { id: 'test', mode: 'test' }, hasDevice: true, caller: remote });
    expect(device).toEqual({ scopes: asked, grantedAs: 'device', withheld: [] });
  });

  it('gives a node none', () => {
    const node = grant({ role: 'node', hasDevice: true });
    expect(node).toMatchObject({ scopes: [], grantedAs: 'node', withheld: [{ reason: 'node-role' }, {}] });
  });
});
