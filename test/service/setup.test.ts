import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { programsIn } from '../../cli/service/run-program.ts';
import { findFreePort } from '../whole/process.ts';
import { commandLine, jsonOf } from './command-line.ts';
import { startUserManager } from './user-manager.ts';

const manager = await startUserManager();
afterAll(() => manager?.[Symbol.asyncDispose]());

describe.skipIf(!manager)('openclaw setup --install-service under systemd', { timeout: 60_000 }, () => {
  const { home = '', env = {} } = manager ?? {};
  const openclaw = commandLine(env, home);
  const show = async (property: string) =>
    (
      await programsIn(env)('systemctl', ['--user', 'show', 'openclaw-gateway', '-p', property, '--value'])
    ).stdout.trim();
  const setUp = (...args: string[]) => openclaw('setup', '--non-interactive', '--install-service', ...args, '--json');

  it('leads from nothing to an answer of a gateway that the supervisor runs', async () => {
    const port = await findFreePort();
    const ended = await setUp('--port', String(port));
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    const pid = Number(await show('MainPID'));
    expect(pid).toBeGreaterThan(0);
    expect(jsonOf(ended)).toMatchObject({
      ok: true,
      config: { path: join(home, '.openclaw', 'openclaw.json') },
      gateway: { how: 'service', url: `ws://127.0.0.1:${port}`, pid },
      firstWords: { ok: true },
    });
  });

  it('leaves it alone when it runs', async () => {
    const pid = Number(await show('MainPID'));
    const ended = await setUp();
    expect(ended.stderr).not.toContain('No service was installed');
    expect(jsonOf(ended)).toMatchObject({ ok: true, config: { how: 'unchanged' }, gateway: { how: 'running', pid } });
  });

  it('says so when a gateway that is no service is in the way', async () => {
    expect(await openclaw('gateway', 'uninstall')).toMatchObject({ exitCode: 0 });
    const { pid } = jsonOf(await openclaw('gateway', 'start', '--detach', '--json'));
    const ended = await setUp();
    expect(ended.stderr).toContain('No service was installed, for a gateway runs already.');
    expect(jsonOf(ended)).toMatchObject({ gateway: { how: 'running', pid } });
    expect(await show('MainPID')).toBe('0');
    expect(await openclaw('gateway', 'stop')).toMatchObject({ exitCode: 0 });
  });
});
