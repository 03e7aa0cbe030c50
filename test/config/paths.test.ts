import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PathOptions, resolvePaths } from '../../server/config/paths.ts';

const paths = (options: Partial<PathOptions> = {}) => resolvePaths({ env: {}, homedir: '/home/me', ...options });

describe('resolvePaths', () => {
  it('keeps everything in ~/.openclaw', () => {
    expect(paths()).toEqual({
      stateDir: '/home/me/.openclaw',
      configPath: '/home/me/.openclaw/openclaw.json',
      tokenPath: '/home/me/.openclaw/gateway.token',
      deviceSecretPath: '/home/me/.openclaw/devices.secret',
      databasePath: '/home/me/.openclaw/openclaw.db',
      profile: undefined,
    });
  });

  it('prefers OPENCLAW_HOME to HOME, and that to the system', () => {
    expect(paths({ env: { HOME: '/a' } }).stateDir).toBe('/a/.openclaw');
    expect(paths({ env: { HOME: '/a', OPENCLAW_HOME: '/b' } }).stateDir).toBe('/b/.openclaw');
    expect(paths({ env: { HOME: '/a', OPENCLAW_HOME: '~/b' } }).stateDir).toBe('/a/b/.openclaw');
    expect(paths({ env: { HOME: ' ', OPENCLAW_HOME: '' } }).stateDir).toBe('/home/me/.openclaw');
  });

  it('gives a profile a state directory of its own', () => {
    expect(paths({ profile: 'work' })).toMatchObject({ stateDir: '/home/me/.openclaw-work', profile: 'work' });
    expect(paths({ env: { OPENCLAW_PROFILE: 'env' } }).stateDir).toBe('/home/me/.openclaw-env');
    expect(paths({ env: { OPENCLAW_PROFILE: 'env' }, profile: 'flag' }).stateDir).toBe('/home/me/.openclaw-flag');
    expect(paths({ env: { OPENCLAW_PROFILE: 'env' }, profile: 'default' })).toEqual(paths());
  });

  it('takes --dev for the profile dev', () => {
    const dev = paths({ dev: true, env: { OPENCLAW_PROFILE: 'env' } });
    expect(dev).toMatchObject({ stateDir: '/home/me/.openclaw-dev', profile: 'dev' });
    expect(paths({ profile: 'dev', dev: true })).toEqual(dev);
    expect(() => paths({ dev: true, profile: 'work' })).toThrow(/leave out --profile work, or --dev/);
  });

  it('lets OPENCLAW_STATE_DIR and OPENCLAW_CONFIG_PATH win, each for itself', () => {
    const both = { OPENCLAW_STATE_DIR: '~/state', OPENCLAW_CONFIG_PATH: 'here.json' };
    expect(paths({ env: both, profile: 'work' })).toMatchObject({
      stateDir: '/home/me/state',
      configPath: resolve('here.json'),
      databasePath: join('/home/me/state', 'openclaw.db'),
      profile: 'work',
    });
    expect(paths({ env: { OPENCLAW_CONFIG_PATH: '/etc/claw.json' } })).toMatchObject({
      stateDir: '/home/me/.openclaw',
      configPath: '/etc/claw.json',
    });
  });

  it.each(['../etc', 'a/b', 'a b', '-x', 'x'.repeat(65)])('refuses the profile %j', (profile) => {
    expect(() => paths({ profile })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    expect(() => paths({ env: { OPENCLAW_PROFILE: profile } })).toThrow(/OPENCLAW_PROFILE ".+" is no profile name/);
  });
});
