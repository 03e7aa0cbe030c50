import { expect, it } from 'vitest';
import { createRoster } from '../../server/config/agents.ts';
import type { Config } from '../../server/config/config.ts';
import { createLiveConfig } from '../../server/config/live.ts';
import type { LoadedConfig } from '../../server/config/load.ts';
import { noSecrets } from '../../server/config/secret-refs.ts';

const toLoaded = (config: Config): LoadedConfig => ({
  path: '/nowhere/openclaw.json',
  exists: true,
  raw: null,
  files: [],
  sources: [],
  origin: { file: '/nowhere/openclaw.json', steps: [] },
  parsed: config,
  config,
  warnings: [],
  unread: [],
  secrets: noSecrets,
});

it('tells the configuration in effect, and in order those who build something out of it', () => {
  const live = createLiveConfig(toLoaded({}));
  const told: string[] = [];
  live.onChange((config) => told.push(`first ${config.session?.mainKey}`));
  live.onChange(() => told.push(`second ${live.current().session?.mainKey}`));
  const next = toLoaded({ session: { mainKey: 'home' } });
  live.put(next);
  expect(live.current()).toBe(next.config);
  expect(live.loaded()).toBe(next);
  expect(told).toEqual(['first home', 'second home']);
});

it('keeps a roster that follows the configuration, and resolves nothing twice', () => {
  const live = createLiveConfig(toLoaded({ agents: { entries: { one: {}, two: { default: true } } } }));
  const agents = createRoster(live.current, '/state');
  expect(agents.list().map(({ id }) => id)).toEqual(['two', 'one']);
  expect(agents.default().id).toBe('two');
  expect(agents.list()).toBe(agents.list());
  live.put(toLoaded({ agents: { entries: { three: {} } } }));
  expect(agents.list().map(({ id }) => id)).toEqual(['three']);
  expect(agents.find('two')).toBeUndefined();
  expect(agents.find('three')).toBe(agents.default());
  live.put(toLoaded({}));
  expect(agents.default().id).toBe('main');
});
