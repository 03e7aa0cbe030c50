import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProcessStart } from '../../server/config/process-start.ts';
import { freePort } from '../cli/processes.ts';
import { findProgram } from '../needs.ts';
import { scratch } from '../scratch.ts';
import { commandLine, jsonOf } from './command-line.ts';

/** A home on a machine where no supervisor listens. */
async function openHome() {
  const folder = await scratch();
  const home = join(folder.path, 'home');
  const stateDir = join(home, '.openclaw');
  const env = { HOME: home, TMPDIR: folder.path, XDG_RUNTIME_DIR: folder.path, PATH: process.env.PATH, NO_COLOR: '1' };
  const port = await freePort();
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const writeConfig = (gateway: object) =>
    writeFile(join(stateDir, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', port, ...gateway } }));
  return { ...folder, home, stateDir, env, port, writeConfig, openclaw: commandLine(env, folder.path) };
}

let at: Awaited<ReturnType<typeof openHome>>;
beforeEach(async () => {
  at = await openHome();
});
afterEach(async () => {
  await at.openclaw('gateway', 'stop');
  await at[Symbol.asyncDispose]();
});

describe.skipIf(process.platform !== 'linux')('without a supervisor', { timeout: 60_000 }, () => {
  it.each(['install', 'start', 'stop', 'restart', 'uninstall'])('%s says so, and writes nothing', async (verb) => {
    await at.writeConfig({});
    const ended = await at.openclaw('gateway', verb);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('no systemd user manager runs for this account');
    const json = jsonOf(await at.openclaw('gateway', verb, '--json'));
    expect(json).toMatchObject({ action: verb, ok: false });
    expect(await readdir(at.stateDir)).toEqual(['openclaw.json']);
    expect(await readdir(at.home)).toEqual(['.openclaw']);
  });

  it('a unit for the whole machine is printed, and nothing is written', async () => {
    await at.writeConfig({});
    const ended = await at.openclaw('gateway', 'install', '--system');
    expect(ended.exitCode).toBe(0);
    const { username } = userInfo();
    for (const line of [`User=${username}`, `WorkingDirectory=${at.home}`, 'WantedBy=multi-user.target'])
      expect(ended.stdout.split('\n')).toContain(line);
    expect(ended.stdout).toContain('RestartPreventExitStatus=78\n');
    expect(ended.stderr).toContain(
      'sudo systemctl daemon-reload && sudo systemctl enable --now openclaw-gateway.service',
    );
    expect(await readdir(at.stateDir)).toEqual(['openclaw.json']);
    const systemdAnalyze = findProgram('systemd-analyze', 'the unit of the whole machine');
    if (!systemdAnalyze) return;
    const unit = join(at.path, 'openclaw-gateway.service');
    await writeFile(unit, ended.stdout);
    const verify = ['verify', '--recursive-errors=no', '--man=no', '--system', unit];
    expect(await promisify(execFile)(systemdAnalyze, verify)).toEqual({ stdout: '', stderr: '' });
  });

  it('a gateway runs in the background, says hello before the command returns, and is stopped', async () => {
    await at.writeConfig({});
    const started = jsonOf(await at.openclaw('gateway', 'start', '--detach', '--json'));
    const url = `ws://127.0.0.1:${at.port}`;
    expect(started).toMatchObject({ action: 'start', ok: true, result: 'started', url });
    const pid = Number(started.pid);
    const path = join(at.stateDir, 'gateway.pid');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      pid,
      startedAt: await readProcessStart(pid),
      outputFile: join(at.stateDir, 'gateway.out.log'),
    });
    const files = [path, join(at.stateDir, 'gateway.out.log')];
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await at.openclaw('health')).exitCode).toBe(0);
    const again = await at.openclaw('gateway', 'start', '--detach');
    expect(again).toMatchObject({ exitCode: 0, stdout: `The gateway runs already (pid ${pid}).\n` });
    const stopped = await at.openclaw('gateway', 'stop');
    expect(stopped).toMatchObject({ exitCode: 0, stdout: `Stopped the gateway (pid ${pid}).\n` });
    expect(await readProcessStart(pid)).toBeUndefined();
    await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('a gateway restarts in its process, with the configuration as it is then', async () => {
    await at.writeConfig({ reload: { mode: 'off' } });
    const started = jsonOf(await at.openclaw('gateway', 'start', '--detach', '--json'));
    const port = await freePort();
    await at.writeConfig({ port, reload: { mode: 'off' } });
    const restarted = jsonOf(await at.openclaw('gateway', 'restart', '--json'));
    expect(restarted).toMatchObject({
      action: 'restart',
      ok: true,
      result: 'restarted',
      pid: started.pid,
      previousPid: started.pid,
      url: `ws://127.0.0.1:${port}`,
    });
  });

  it('one in the foreground is restarted and stopped as well', async () => {
    await at.writeConfig({});
    const foreground = at.openclaw('gateway');
    await expect.poll(async () => (await at.openclaw('health')).exitCode).toBe(0);
    expect(jsonOf(await at.openclaw('gateway', 'restart', '--json'))).toMatchObject({ pid: foreground.pid });
    const stopped = await at.openclaw('gateway', 'stop');
    expect(stopped).toMatchObject({ exitCode: 0, stdout: `Stopped the gateway (pid ${foreground.pid}).\n` });
    expect((await foreground).exitCode).toBe(0);
  });

  it('one that does not start is told with its last words, and leaves no pid file', async () => {
    await at.writeConfig({ mode: 'remote' });
    const ended = await at.openclaw('gateway', 'start', '--detach');
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('refuses its configuration (exit code 78)');
    expect(ended.stderr).toContain('set gateway.mode=local (current: remote)');
    await expect(access(join(at.stateDir, 'gateway.pid'))).rejects.toThrow('ENOENT');
  });

  it('has its secret from the command line by the environment, where nobody sees it', async () => {
    await at.writeConfig({});
    const secret = 'for-nobody-else-0123456789';
    const witness = join(at.path, 'witness.cjs');
    const words = (pid: unknown) => join(at.path, `words-${pid}`);
    await writeFile(
      witness,
      `require('node:fs').writeFileSync(${JSON.stringify(words(''))} + process.pid, JSON.stringify([...process.execArgv, ...process.argv]));`,
    );
    const openclaw = commandLine({ ...at.env, NODE_OPTIONS: `--require ${witness}` }, at.path);
    const started = jsonOf(await openclaw('gateway', 'start', '--detach', '--token', secret, '--json'));
    const said = JSON.parse(await readFile(words(started.pid), 'utf8'));
    expect(said).toEqual(expect.arrayContaining(['--max-semi-space-size=8', 'gateway']));
    expect(said).not.toContain(secret);
    expect(await readFile(`/proc/${started.pid}/cmdline`, 'utf8')).toMatch(/^openclaw-gateway\0/);
    expect((await at.openclaw('health', '--token', secret)).exitCode).toBe(0);
  });

  it('a process that has the number of a gateway that was is left alone', async () => {
    await at.writeConfig({});
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    const outputFile = join(at.stateDir, 'gateway.out.log');
    const left = { pid: other.pid, startedAt: 1, outputFile };
    await writeFile(join(at.stateDir, 'gateway.pid'), JSON.stringify(left));
    const running = { pid: other.pid, url: `ws://127.0.0.1:${at.port}` };
    await writeFile(join(at.stateDir, 'gateway.json'), JSON.stringify(running));
    const stopped = await at.openclaw('gateway', 'stop');
    expect(stopped.stderr).toContain('No gateway runs here');
    expect(other.exitCode ?? other.signalCode).toBeNull();
    await expect(access(join(at.stateDir, 'gateway.pid'))).rejects.toThrow('ENOENT');
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  it.each([
    [['start', '--port', '1'], '--port goes with --detach'],
    [['install', '--port', 'x'], '--port "x" is no port'],
    [['stop', '--url', 'ws://127.0.0.1:1'], 'leave out --url'],
  ])('%j is bad usage', async (words, message) => {
    const ended = await at.openclaw('gateway', ...words);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});
