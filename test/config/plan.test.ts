import { describe, expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { planReload, withoutRestarts } from '../../server/config/plan.ts';
import { reloadKindOf } from '../../server/config/reload-kind.ts';

describe('the kind of a key', () => {
  it.each([
    ...['agents', 'models', 'bindings', 'hooks', 'cron', 'session', 'messages', 'tools', 'skills', 'logging', 'ui'],
    ...['secrets', 'plugins', 'channels.telegram.enabled', 'models.providers.up.apiKey', 'logging.file'],
    ...['gateway.http.endpoints.responses.enabled', 'gateway.controlUi.allowedOrigins', 'gateway.trustedProxies'],
    ...['gateway.auth.rateLimit.maxAttempts', 'gateway.auth.trustedProxy.userHeader', 'gateway.auth.token'],
  ])('%s is hot', (path) => expect(reloadKindOf(path)).toBe('hot'));

  it.each(['gateway.reload.mode', 'gateway.remote.url', 'meta.lastTouchedAt', 'wizard', '$schema'])(
    '%s takes nothing',
    (path) => expect(reloadKindOf(path)).toBe('none'),
  );

  it.each([
    ...['gateway.port', 'gateway.bind', 'gateway.customBindHost', 'gateway.auth.mode', 'gateway.tls.enabled'],
    ...[
      'gateway.tailscale.mode',
      'gateway.controlUi.basePath',
      'gateway.mode',
      'discovery.mdns.mode',
      'unheardOf',
      'loggings',
    ],
  ])('%s takes a restart', (path) => expect(reloadKindOf(path)).toBe('restart'));
});

describe('a plan', () => {
  const before: Config = {
    gateway: { mode: 'local', port: 1, auth: { token: 'old' } },
    agents: { defaults: { model: 'up/one' }, entries: { a: {}, b: {} } },
    session: { mainKey: 'home' },
  };

  it('names every path once, by what it takes, and no values', () => {
    const after = {
      gateway: { mode: 'local', port: 2, auth: { token: 'new' }, reload: { mode: 'hot' } },
      agents: { defaults: { model: 'up/two' }, entries: { a: {} } },
    } as Config;
    expect(planReload(before, after)).toEqual({
      paths: [
        'gateway.port',
        'gateway.auth.token',
        'gateway.reload.mode',
        'agents.defaults.model',
        'agents.entries.b',
        'session.mainKey',
      ],
      hot: ['gateway.auth.token', 'agents.defaults.model', 'agents.entries.b', 'session.mainKey'],
      restart: ['gateway.port'],
      none: ['gateway.reload.mode'],
    });
  });

  it('is empty where nothing differs', () => {
    expect(planReload(before, structuredClone(before))).toEqual({ paths: [], hot: [], restart: [], none: [] });
  });

  it('takes a restart for a secret that comes with another mode, said or implied', () => {
    const after: Config = { ...before, gateway: { mode: 'local', port: 1, auth: { password: 'p' } } };
    expect(planReload(before, after).restart).toEqual(['gateway.auth.token', 'gateway.auth.password']);
    const both: Config = { ...before, gateway: { mode: 'local', port: 1, auth: { token: 'old', password: 'p' } } };
    expect(planReload(before, both).hot).toEqual(['gateway.auth.password']);
  });

  it('leaves what takes a restart as it is, also where it came or went, and changes neither of the two', () => {
    const after: Config = {
      gateway: { mode: 'local', bind: 'lan', auth: { token: 'new' } },
      agents: { defaults: { model: 'up/two' } },
    };
    const kept = structuredClone([before, after]);
    expect(withoutRestarts(before, after)).toEqual({
      gateway: { mode: 'local', port: 1, auth: { token: 'new' } },
      agents: { defaults: { model: 'up/two' } },
    });
    expect([before, after]).toEqual(kept);
    expect(withoutRestarts(before, before)).toBe(before);
  });
});
