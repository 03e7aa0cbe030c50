import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readGlobals } from '../../cli/globals.ts';
import { planLaunch } from '../../cli/service/launch.ts';
import { findService, surroundingsOf } from '../../cli/service/service.ts';
import { renderUnit } from '../../cli/service/systemd-unit.ts';
import { createShell } from '../../cli/shell.ts';
import { startUserManager } from './user-manager.ts';

const manager = await startUserManager();
afterAll(() => manager?.[Symbol.asyncDispose]());

describe.skipIf(!manager)('a service of systemd', () => {
  const { home = '', env = {} } = manager ?? {};
  const shell = { ...createShell(readGlobals([]).globals), env };
  const find = async () => (await findService(await planLaunch(shell, 18_789), surroundingsOf(shell))).service;

  it('is described before there is one', async () => {
    expect(await (await find())?.describe()).toEqual({
      loaded: false,
      installed: false,
      foreign: false,
      enabled: false,
      runtime: { status: 'stopped', pid: undefined, state: 'inactive', substate: 'dead', restarts: 0 },
      unitPath: join(home, '.config/systemd/user/openclaw-gateway.service'),
      drift: [],
    });
  });

  it('is described with what differs from the unit that would be written now', async () => {
    const service = await find();
    await mkdir(join(home, '.config/systemd/user'), { recursive: true });
    const unit = renderUnit(await planLaunch(shell, 18_789));
    await writeFile(service?.unitPath ?? '', unit);
    expect((await service?.describe())?.drift).toEqual([]);
    const changed = unit
      .replace('--port 18789', '--port 18790')
      .replace('RestartPreventExitStatus=78\n', '')
      .replace('RestartSec=5', 'RestartSec=1')
      .replace('EnvironmentFile', 'Environment=OPENCLAW_GATEWAY_TOKEN=abc\nEnvironment="EXTRA=1 2"\nEnvironmentFile');
    await writeFile(service?.unitPath ?? '', changed);
    const { drift, port, configPath } = (await service?.describe()) ?? {};
    expect({ port, configPath }).toEqual({ port: 18_790, configPath: join(home, '.openclaw/openclaw.json') });
    expect(drift).toEqual([
      expect.stringMatching(/^ExecStart is .* gateway --port 18790, now it would be .* gateway --port 18789$/),
      'RestartSec is 1, now it would be 5',
      'RestartPreventExitStatus is missing: 78',
      'Environment EXTRA is not one of ours: 1 2',
      'Environment OPENCLAW_GATEWAY_TOKEN holds a secret, which everybody may read who reads the file',
    ]);
    expect(drift?.join()).not.toContain('abc');
  });
});

it('is none where no supervisor listens', async () => {
  const shell = { ...createShell(readGlobals([]).globals), env: { HOME: '/nowhere', XDG_RUNTIME_DIR: '/nowhere' } };
  expect(await findService(await planLaunch(shell, 1), { ...surroundingsOf(shell), platform: 'linux' })).toEqual({
    missing: 'no systemd user manager runs for this account (looked for its socket in /nowhere)',
  });
});
