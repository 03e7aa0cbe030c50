import { access, mkdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programsIn } from '../../cli/service/run-program.ts';
import { launcher } from '../cli/processes.ts';
import { startUpstream } from '../upstream.ts';
import { findFreePort, withUpstream } from '../whole/process.ts';
import { commandLine, jsonOf } from './command-line.ts';
import { startUserManager } from './user-manager.ts';

const manager = await startUserManager();
afterAll(() => manager?.[Symbol.asyncDispose]());

const name = 'openclaw-gateway.service';
const secret = 'a "token" of $HOME, 50% \\ and `more`';

describe.skipIf(!manager)('the life of a gateway under systemd', { timeout: 60_000 }, () => {
  const { home = '' } = manager ?? {};
  const bin = join(home, 'bin');
  const env: NodeJS.ProcessEnv = { ...manager?.env, PATH: `${bin}:${process.env.PATH}` };
  const openclaw = commandLine({ ...env, OPENCLAW_GATEWAY_TOKEN: secret }, home);
  const systemctl = (...args: string[]) => programsIn(env)('systemctl', ['--user', ...args]);
  const show = async (property: string) => (await systemctl('show', name, '-p', property, '--value')).stdout.trim();
  const stateDir = join(home, '.openclaw');
  const unitPath = join(home, '.config/systemd/user', name);
  const configPath = join(stateDir, 'openclaw.json');
  const hung = Promise.withResolvers<void>();
  let port = 0;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  const writeConfig = async (mode: string) => {
    const config = { ...withUpstream(upstream.url), gateway: { mode, port } };
    await writeFile(configPath, JSON.stringify(config));
  };

  beforeAll(async () => {
    port = await findFreePort();
    // A provider that begins and never ends.
    upstream = await startUpstream((_request, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
      hung.resolve();
    });
    await mkdir(stateDir, { mode: 0o700 });
    await mkdir(bin);
    // Whether whoever runs the tests lingers is not known.
    await writeFile(join(bin, 'loginctl'), '#!/bin/sh\ncat "$HOME/linger"\n', { mode: 0o755 });
    await writeFile(join(home, 'linger'), 'no\n');
  });
  afterAll(() => upstream?.[Symbol.asyncDispose]());

  it('does not begin without a configuration that can be started with', async () => {
    const ended = await openclaw('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 78, stdout: '' });
    expect(ended.stderr).toContain('Missing config.');
    await expect(access(join(home, '.config'))).rejects.toThrow('ENOENT');
    await expect(access(join(stateDir, 'gateway.service.env'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['two secrets and no mode', { token: 'a'.repeat(20), password: 'b'.repeat(20) }, /gateway\.auth\.mode/],
    ['a secret that is nowhere', { token: { source: 'env', provider: 'default', id: 'NOWHERE_SET' } }, /NOWHERE_SET/],
  ])('does not begin with %s', async (_what, auth, words) => {
    await writeFile(configPath, JSON.stringify({ gateway: { mode: 'local', port, auth } }));
    const ended = await commandLine(env, home)('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 78, stdout: '' });
    expect(ended.stderr).toMatch(words);
    await expect(access(join(home, '.config'))).rejects.toThrow('ENOENT');
  });

  it('is told what to do while nothing is installed, and has nothing to stop', async () => {
    const started = await openclaw('gateway', 'start');
    expect(started).toMatchObject({ exitCode: 1, stdout: '' });
    expect(started.stderr).toContain(`${name} is not installed.\nInstall and start it: openclaw gateway install\n`);
    expect(await openclaw('gateway', 'restart')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await openclaw('gateway', 'stop')).toMatchObject({ exitCode: 0, stdout: 'No gateway runs here.\n' });
    expect(jsonOf(await openclaw('gateway', 'uninstall', '--json'))).toMatchObject({
      action: 'uninstall',
      ok: true,
      result: 'not-installed',
    });
  });

  it('does not begin while a gateway runs that is not its own', async () => {
    await writeConfig('local');
    const pid = jsonOf(await openclaw('gateway', 'start', '--detach', '--json')).pid;
    const ended = await openclaw('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain(`(pid ${pid}).\nStop it first: openclaw gateway stop\n`);
    await expect(access(join(home, '.config'))).rejects.toThrow('ENOENT');
    expect(await openclaw('gateway', 'stop')).toMatchObject({ exitCode: 0 });
  });

  it('begins with a unit that is enabled, runs, and holds no secret', async () => {
    await writeConfig('local');
    const ended = await openclaw('gateway', 'install');
    expect(ended.stderr).toContain('loginctl enable-linger');
    expect(ended).toMatchObject({ exitCode: 0 });
    const pid = await show('MainPID');
    expect(ended.stdout).toBe(
      `Installed systemd service: ${unitPath}\nThe gateway says hello at ws://127.0.0.1:${port} (pid ${pid}).\n`,
    );
    expect(await show('ActiveState')).toBe('active');
    expect(await readlink(join(home, '.config/systemd/user/default.target.wants', name))).toBe(unitPath);
    const modes = await Promise.all([unitPath, join(stateDir, 'gateway.service.env')].map((path) => stat(path)));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['600', '600']);
  });

  it('has the unit of the runbook, with every path escaped', async () => {
    const escaped = home.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%');
    const folders = [join(process.execPath, '..'), join(home, '.local/bin'), '/usr/local/sbin', '/usr/local/bin'];
    const path = [...folders, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':');
    expect(
      await readFile(unitPath, 'utf8'),
    ).toBe(`# Written by "openclaw gateway install", which writes it anew: put changes of your own into
# "systemctl --user edit ${name}".
[Unit]
Description=OpenClaw Gateway
After=network-online.target
Wants=network-online.target
StartLimitBurst=10
StartLimitIntervalSec=300

[Service]
ExecStart=${process.execPath} --max-semi-space-size=8 ${launcher} gateway --port ${port}
Restart=always
RestartSec=5
RestartPreventExitStatus=78
TimeoutStopSec=30
TimeoutStartSec=30
SuccessExitStatus=0 143
KillMode=control-group
OOMPolicy=continue
Environment="HOME=${escaped}"
Environment="PATH=${path.replace(home, () => escaped)}"
Environment=NODE_OPTIONS=
Environment=TMPDIR=${env.TMPDIR}
Environment=OPENCLAW_GATEWAY_PORT=${port}
Environment=OPENCLAW_SERVICE_MARKER=openclaw
Environment=OPENCLAW_SERVICE_KIND=gateway
Environment=OPENCLAW_SYSTEMD_UNIT=${name}
EnvironmentFile=-${stateDir.replaceAll('%', '%%').replaceAll('\\', '\\\\')}/gateway.service.env

[Install]
WantedBy=default.target
`);
  });

  it('has the secret of the shell that installed it, and no other way to it than the owner-only file', async () => {
    const health = await openclaw('health', '--token', secret, '--json');
    expect(jsonOf(health)).toMatchObject({ ok: true });
    const environ = await readFile(`/proc/${await show('MainPID')}/environ`, 'utf8');
    expect(environ.split('\0')).toEqual(expect.arrayContaining([`OPENCLAW_GATEWAY_TOKEN=${secret}`, `HOME=${home}`]));
    expect(await show('Environment')).not.toContain('TOKEN');
  });

  it('keeps a secret that another shell does not have, when it is installed anew', async () => {
    const elsewhere = commandLine({ ...env, OPENAI_API_KEY: 'another' }, home);
    const pid = await show('MainPID');
    await writeFile(join(home, 'linger'), 'yes\n');
    const ended = await elsewhere('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stderr).not.toContain('linger');
    expect(await show('MainPID')).not.toBe(pid);
    const environ = await readFile(`/proc/${await show('MainPID')}/environ`, 'utf8');
    expect(environ.split('\0')).toEqual(
      expect.arrayContaining([`OPENCLAW_GATEWAY_TOKEN=${secret}`, 'OPENAI_API_KEY=another']),
    );
  });

  it('is left alone by a start while it runs', async () => {
    const pid = await show('MainPID');
    const ended = await openclaw('gateway', 'start');
    expect(ended).toMatchObject({
      exitCode: 0,
      stdout: `The gateway runs already (active/running, pid ${pid}).\n`,
    });
    expect(await show('MainPID')).toBe(pid);
  });

  it('is a new process that says hello when a restart returns', async () => {
    const pid = Number(await show('MainPID'));
    const restarted = jsonOf(await openclaw('gateway', 'restart', '--json'));
    expect(restarted).toMatchObject({ action: 'restart', ok: true, result: 'restarted', previousPid: pid });
    expect(restarted.pid).not.toBe(pid);
    expect(restarted.pid).toBe(Number(await show('MainPID')));
    expect((await openclaw('health')).exitCode).toBe(0);
  });

  it('comes back by itself after it was killed', async () => {
    const pid = Number(await show('MainPID'));
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => show('NRestarts'), { timeout: 20_000 }).toBe('1');
    await expect.poll(async () => (await openclaw('health')).exitCode, { timeout: 20_000 }).toBe(0);
    expect(Number(await show('MainPID'))).not.toBe(pid);
  });

  it('is not started again when it refuses its configuration', async () => {
    expect((await openclaw('gateway', 'stop')).exitCode).toBe(0);
    await writeConfig('remote');
    const ended = await openclaw('gateway', 'start');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('it refuses its configuration (exit code 78), and is not started again');
    expect(ended.stderr).toContain(`journalctl --user -u ${name}`);
    expect([await show('ActiveState'), await show('ExecMainStatus'), await show('NRestarts')]).toEqual([
      'failed',
      '78',
      '0',
    ]);
    await writeConfig('local');
    expect(await openclaw('gateway', 'start')).toMatchObject({ exitCode: 0 });
  });

  it('stops within its time while a run hangs, and says that it waits', async () => {
    const running = openclaw('agent', '--message', 'Hello');
    await hung.promise;
    const stopped = await openclaw('gateway', 'stop');
    expect(stopped).toMatchObject({ exitCode: 0, stdout: 'Stopped the gateway.\n' });
    expect(stopped.stderr).toContain(`Waiting for systemd to do so with ${name} ...`);
    expect([await show('ActiveState'), await show('Result'), await show('ExecMainStatus')]).toEqual([
      'inactive',
      'success',
      '0',
    ]);
    process.kill(running.pid, 'SIGKILL');
    await running;
    expect(await openclaw('gateway', 'stop')).toMatchObject({ exitCode: 0, stdout: 'No gateway runs here.\n' });
  });

  it('does not take over a unit that somebody else has written', async () => {
    const unit = await readFile(unitPath, 'utf8');
    await writeFile(unitPath, unit.replace(/^#.*\n#.*\n/, '# by hand\n'));
    const ended = await openclaw('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('openclaw gateway install --force');
    expect(await readFile(unitPath, 'utf8')).toContain('# by hand\n');
    expect(await openclaw('gateway', 'install', '--force')).toMatchObject({ exitCode: 0 });
    expect(await readFile(unitPath, 'utf8')).toBe(unit);
  });

  it('ends with its unit, and leaves configuration and state', async () => {
    const ended = await openclaw('gateway', 'uninstall');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stdout).toBe(`Uninstalled ${name}. Configuration and state stay: ${stateDir}\n`);
    expect(await show('LoadState')).toBe('not-found');
    await expect(access(unitPath)).rejects.toThrow('ENOENT');
    await expect(access(join(home, '.config/systemd/user/default.target.wants', name))).rejects.toThrow('ENOENT');
    await expect(access(join(stateDir, 'gateway.service.env'))).rejects.toThrow('ENOENT');
    await access(configPath);
    await access(join(stateDir, 'openclaw.db'));
    expect(await openclaw('gateway', 'uninstall')).toMatchObject({ exitCode: 0 });
  });

  it('has a unit of its own for each profile', async () => {
    const other = join(home, '.openclaw-work');
    const otherPort = await findFreePort();
    await mkdir(other, { mode: 0o700 });
    await writeFile(join(other, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', port: otherPort } }));
    const installed = jsonOf(await openclaw('--profile', 'work', 'gateway', 'install', '--json'));
    expect(installed).toMatchObject({
      result: 'installed',
      service: { name: 'openclaw-gateway-work.service' },
      url: `ws://127.0.0.1:${otherPort}`,
    });
    expect(await show('LoadState')).toBe('not-found');
    expect((await openclaw('--profile', 'work', 'gateway', 'uninstall')).exitCode).toBe(0);
  });

  it('is for the folder of a profile, and no other', async () => {
    const elsewhere = commandLine({ ...env, OPENCLAW_STATE_DIR: join(home, 'elsewhere') }, home);
    const ended = await elsewhere('gateway', 'install');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('OPENCLAW_STATE_DIR leads to');
    await expect(access(unitPath)).rejects.toThrow('ENOENT');
  });
});
