import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'plist';
import { describe, expect, it } from 'vitest';
import { readGlobals } from '../../cli/globals.ts';
import { planLaunch } from '../../cli/service/launch.ts';
import { findService } from '../../cli/service/service.ts';
import { createShell } from '../../cli/shell.ts';
import { scratch } from '../scratch.ts';
import { type Recorded, recordedPrograms } from './fake-programs.ts';

/** As `launchctl print` of macOS 15 answers, without what nobody reads. */
const running = (path: string, more = '') => `gui/501/ai.openclaw.gateway = {
\tactive count = 1
\tpath = ${path}
\ttype = LaunchAgent
\tstate = running

\tprogram = /opt/homebrew/bin/node
\targuments = {
\t\t/opt/homebrew/bin/node
\t\tgateway
\t}

\tdefault environment = {
\t\tPATH => /usr/bin:/bin:/usr/sbin:/sbin
\t}

\tminimum runtime = 10
\truns = 1
\tpid = 4321
\timmediate reason = speculative
\tlast exit code = (never exited)
${more}}
`;
const absent = {
  code: 113,
  stderr: 'Bad request.\nCould not find service "ai.openclaw.gateway" in domain for user gui: 501\n',
};
const secret = `it's a "token" & <more>`;

async function openAgent(answers: Record<string, Recorded | Recorded[]>, profile?: string) {
  const folder = await scratch();
  const home = join(folder.path, 'a & b <c> "d"');
  await mkdir(home);
  const shell = { ...createShell({ ...readGlobals([]).globals, profile }), env: { HOME: home } };
  const programs = recordedPrograms(answers);
  const launch = await planLaunch(shell, 18_789);
  const found = await findService(launch, { env: shell.env, platform: 'darwin', uid: 501, run: programs.run });
  if (!found.service) throw new Error(found.missing);
  return { ...folder, home, launch, service: found.service, calls: programs.calls };
}

describe('a launch agent', () => {
  it('is a property list with the keys of the runbook and no secret, and is loaded', async () => {
    await using agent = await openAgent({ 'launchctl print': absent, 'launchctl ': '' });
    const { service, launch, home } = agent;
    const notices = await service.install({ OPENCLAW_GATEWAY_TOKEN: secret });
    expect(notices).toEqual([]);
    expect(service.unitPath).toBe(join(home, 'Library/LaunchAgents/ai.openclaw.gateway.plist'));
    const text = await readFile(service.unitPath, 'utf8');
    const stateDir = join(home, '.openclaw');
    expect(parse(text)).toEqual({
      Label: 'ai.openclaw.gateway',
      Comment: 'OpenClaw Gateway. Written by "openclaw gateway install".',
      ProgramArguments: [
        process.execPath,
        `--env-file-if-exists=${stateDir}/gateway.service.env`,
        '--max-semi-space-size=8',
        expect.stringMatching(/openclaw\.(mjs|ts)$/),
        'gateway',
        '--port',
        '18789',
      ],
      WorkingDirectory: home,
      EnvironmentVariables: { ...launch.environment, HOME: home, OPENCLAW_GATEWAY_PORT: '18789' },
      StandardInPath: '/dev/null',
      StandardOutPath: join(stateDir, 'gateway.out.log'),
      StandardErrorPath: join(stateDir, 'gateway.out.log'),
      RunAtLoad: true,
      KeepAlive: true,
      ThrottleInterval: 10,
      ExitTimeOut: 20,
      ProcessType: 'Interactive',
      Umask: 0o077,
    });
    expect(text).not.toContain('token');
    const secretsPath = join(stateDir, 'gateway.service.env');
    expect(await readFile(secretsPath, 'utf8')).toContain(`OPENCLAW_GATEWAY_TOKEN=\`${secret}\`\n`);
    expect([(await stat(service.unitPath)).mode & 0o777, (await stat(secretsPath)).mode & 0o777]).toEqual([
      0o600, 0o600,
    ]);
    expect(agent.calls).toEqual([
      'launchctl print gui/501/ai.openclaw.gateway',
      'launchctl enable gui/501/ai.openclaw.gateway',
      `launchctl bootstrap gui/501 ${service.unitPath}`,
    ]);
  });

  it('is taken down before it is loaded anew, and that is waited for', async () => {
    const print = [running('x'), running('x'), running('x'), absent];
    await using agent = await openAgent({ 'launchctl print': print, 'launchctl ': '' });
    await agent.service.install({});
    expect(agent.calls.map((line) => line.split(' ')[1])).toEqual([
      'print',
      'bootout',
      'print',
      'print',
      'print',
      'enable',
      'bootstrap',
    ]);
  });

  it('has a label of its own with a profile', async () => {
    await using agent = await openAgent({ 'launchctl print': absent, 'launchctl ': '' }, 'work');
    expect(agent.service).toMatchObject({ kind: 'launchd', label: 'launchd agent', name: 'ai.openclaw.work' });
  });

  it('is described: running, with what differs from the list that would be written now', async () => {
    await using agent = await openAgent({
      'launchctl print-disabled': 'disabled services = {\n\t"ai.openclaw.gateway" => enabled\n}\n',
      'launchctl print': [absent, running('x'), running('x', '\tlast terminating signal = Killed: 9\n')],
      'launchctl ': '',
    });
    const { service } = agent;
    await service.install({});
    const described = await service.describe();
    expect(described).toMatchObject({
      loaded: true,
      installed: true,
      foreign: false,
      enabled: true,
      port: 18_789,
      drift: [],
    });
    expect(described.runtime).toEqual({ status: 'running', pid: 4321, state: 'running' });
    expect(described.configPath).toBe(join(agent.home, '.openclaw/openclaw.json'));
    const text = await readFile(service.unitPath, 'utf8');
    const changed = text
      .replace('<string>18789</string>\n  ', '<string>18790</string>\n  ')
      .replace('<integer>10</integer>', '<integer>1</integer>')
      .replace(
        '<key>NODE_OPTIONS</key>',
        '<key>OPENCLAW_GATEWAY_TOKEN</key><string>abc</string><key>NODE_OPTIONS</key>',
      );
    await writeFile(service.unitPath, changed);
    const again = await service.describe();
    expect(again.runtime.lastExit).toBe('signal 9');
    expect(again.drift).toEqual([
      expect.stringMatching(/^ProgramArguments is .* 18790, now it would be .* 18789$/),
      'ThrottleInterval is 1, now it would be 10',
      'Environment OPENCLAW_GATEWAY_TOKEN holds a secret, which everybody may read who reads the file',
    ]);
  });

  it('is told from one that has ended, one that is not there, and a launchctl that does not work', async () => {
    const ended = 'gui/501/ai.openclaw.gateway = {\n\tstate = not running\n\tlast exit code = 78: EX_CONFIG\n}\n';
    await using agent = await openAgent({
      'launchctl print-disabled': '\t"ai.openclaw.gateway" => disabled\n',
      'launchctl print': [ended, absent, { code: 'ENOENT', stderr: 'spawn launchctl ENOENT' }],
    });
    const { service } = agent;
    expect((await service.describe()).runtime).toEqual({
      status: 'stopped',
      state: 'not running',
      lastExit: 'exit 78',
    });
    const without = await service.describe();
    expect(without).toMatchObject({ loaded: false, installed: false, enabled: false, runtime: { status: 'stopped' } });
    expect((await service.describe()).runtime).toMatchObject({ status: 'unknown' });
  });

  it.each([
    ['start', running('x'), ['kickstart gui/501/ai.openclaw.gateway']],
    ['start', absent, ['enable gui/501/ai.openclaw.gateway', 'bootstrap gui/501 PLIST']],
    ['restart', running('x'), ['kickstart -k gui/501/ai.openclaw.gateway']],
    ['restart', absent, ['enable gui/501/ai.openclaw.gateway', 'bootstrap gui/501 PLIST']],
    ['stop', absent, []],
  ] as const)('%s of %j', async (verb, print, orders) => {
    await using agent = await openAgent({ 'launchctl print': print, 'launchctl ': '' });
    await agent.service[verb]();
    const told = agent.calls.map((line) => line.replace(agent.service.unitPath, 'PLIST').replace('launchctl ', ''));
    expect(told.filter((line) => !line.startsWith('print'))).toEqual(orders);
  });

  it('is booted out by a stop, disabled when that is asked for, and gone after an uninstall', async () => {
    const print = [absent, running('x'), absent, running('x'), absent];
    await using agent = await openAgent({ 'launchctl print': print, 'launchctl ': '' });
    const { service, calls } = agent;
    await service.install({});
    calls.length = 0;
    await service.stop({ disable: true });
    await service.uninstall();
    expect(calls.filter((line) => !line.includes('print'))).toEqual([
      'launchctl bootout gui/501/ai.openclaw.gateway',
      'launchctl disable gui/501/ai.openclaw.gateway',
      'launchctl bootout gui/501/ai.openclaw.gateway',
    ]);
    await expect(access(service.unitPath)).rejects.toThrow('ENOENT');
  });

  it('tells what launchd said, and what to do about a missing session', async () => {
    const refused = { code: 125, stderr: 'Bootstrap failed: 125: Domain does not support specified action\n' };
    await using agent = await openAgent({
      'launchctl print': absent,
      'launchctl enable': '',
      'launchctl boot': refused,
    });
    await expect(agent.service.install({})).rejects.toThrow(
      /launchd refused "launchctl bootstrap gui\/501 .*": Bootstrap failed: 125: .* \(agents need a session/,
    );
    await expect(access(agent.service.unitPath)).rejects.toThrow('ENOENT');
    await expect(access(agent.launch.secretsPath)).rejects.toThrow('ENOENT');
  });
});
