import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { readGlobals } from '../../cli/globals.ts';
import { planLaunch } from '../../cli/service/launch.ts';
import { findService } from '../../cli/service/service.ts';
import { createShell } from '../../cli/shell.ts';
import { scratch } from '../scratch.ts';
import { type Recorded, recordedPrograms } from './fake-programs.ts';

/** As schtasks of a German Windows 11 answers: words are translated, numbers are not. */
const listed = (status: string, result: string) =>
  `"DESKTOP-7","\\OpenClaw Gateway","Nicht zutreffend","${status}","Nur interaktiv","22.11.2026 22:10:01","${result}","DESKTOP-7\\ada","C:\\x\\gateway.cmd","C:\\Users\\ada","OpenClaw Gateway. Written by ""openclaw""","Aktiviert"\r\n`;
const missing = { code: 1, stderr: 'FEHLER: Das System kann die angegebene Datei nicht finden.\r\n' };
const denied = { code: 1, stderr: 'ERROR: Access is denied.\r\n' };

async function openTask(answers: Record<string, Recorded | Recorded[]>, profile?: string) {
  const folder = await scratch();
  const home = join(folder.path, 'Ada & Söhne 50%');
  await mkdir(home);
  const env = { HOME: home, APPDATA: join(home, 'AppData', 'Roaming'), USERDOMAIN: 'DESKTOP-7', USERNAME: 'ada' };
  const shell = { ...createShell({ ...readGlobals([]).globals, profile }), env };
  const programs = recordedPrograms(answers);
  const launch = await planLaunch(shell, 18_789);
  const found = await findService(launch, { env, platform: 'win32', uid: 0, run: programs.run });
  if (!found.service) throw new Error(found.missing);
  const startup = join(env.APPDATA, 'Microsoft/Windows/Start Menu/Programs/Startup/OpenClaw Gateway.cmd');
  return { ...folder, home, launch, service: found.service, calls: programs.calls, startup };
}

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false });

describe('a Scheduled Task', () => {
  it('is made from UTF-16 XML with the settings of the runbook', async () => {
    await using task = await openTask({ 'schtasks /Create': '', 'schtasks ': '' });
    const { service, home, launch } = task;
    expect(await service.install({ OPENCLAW_GATEWAY_TOKEN: 'abc' })).toEqual([]);
    const bytes = await readFile(service.unitPath);
    expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xfe]);
    const text = bytes.subarray(2).toString('utf16le');
    expect(XMLValidator.validate(text)).toBe(true);
    expect(parser.parse(text)).toEqual({
      '?xml': { '@_version': '1.0', '@_encoding': 'UTF-16' },
      Task: {
        '@_version': '1.2',
        '@_xmlns': 'http://schemas.microsoft.com/windows/2004/02/mit/task',
        RegistrationInfo: { Description: 'OpenClaw Gateway. Written by "openclaw gateway install".' },
        Triggers: { LogonTrigger: { Enabled: 'true', UserId: 'DESKTOP-7\\ada' } },
        Principals: {
          Principal: {
            '@_id': 'Author',
            UserId: 'DESKTOP-7\\ada',
            LogonType: 'InteractiveToken',
            RunLevel: 'LeastPrivilege',
          },
        },
        Settings: {
          MultipleInstancesPolicy: 'IgnoreNew',
          DisallowStartIfOnBatteries: 'false',
          StopIfGoingOnBatteries: 'false',
          StartWhenAvailable: 'false',
          Enabled: 'true',
          ExecutionTimeLimit: 'PT0S',
          Priority: '7',
          RestartOnFailure: { Interval: 'PT1M', Count: '3' },
        },
        Actions: {
          '@_Context': 'Author',
          Exec: { Command: join(home, '.openclaw', 'gateway.cmd'), WorkingDirectory: home },
        },
      },
    });
    expect(text).not.toContain('abc');
    expect(task.calls).toEqual([
      `schtasks /Create /F /TN OpenClaw Gateway /XML ${service.unitPath}`,
      'schtasks /End /TN OpenClaw Gateway',
      'schtasks /Run /TN OpenClaw Gateway',
    ]);
    const script = (await readFile(join(home, '.openclaw', 'gateway.cmd'), 'utf8')).split('\r\n');
    const escaped = home.replaceAll('%', '%%');
    expect(script).toContain(`cd /d "${escaped}"`);
    expect(script).toContain('set "OPENCLAW_GATEWAY_PORT=18789"');
    expect(script.at(-3)).toBe(
      `"${process.execPath}" "--env-file-if-exists=${escaped}/.openclaw/gateway.service.env" ${launch.args.map((word) => `"${word}"`).join(' ')}`,
    );
    expect(script.join('\n')).not.toContain('abc');
    expect(await readFile(launch.secretsPath, 'utf8')).toContain("OPENCLAW_GATEWAY_TOKEN='abc'\n");
  });

  it('has a name of its own with a profile', async () => {
    await using task = await openTask({}, 'work');
    expect(task.service).toMatchObject({ kind: 'schtasks', label: 'Scheduled Task', name: 'OpenClaw Gateway (work)' });
  });

  it.each([
    ['denied', denied],
    ['not answered', { code: 'ETIMEDOUT' }],
  ])('that is %s becomes a script in the Startup folder, which is run', async (_why, answer) => {
    await using task = await openTask({ 'schtasks /Create': answer, 'schtasks ': missing, 'cmd /d /c start': '' });
    const { service, startup, home } = task;
    const [notice] = await service.install({});
    expect(notice).toContain(`the gateway starts from ${startup}`);
    const script = join(home, '.openclaw', 'gateway.cmd');
    expect(await readFile(startup, 'utf8')).toContain(`start "" /min "${script.replaceAll('%', '%%')}"\r\n`);
    expect(task.calls.at(-1)).toBe(`cmd /d /c start  /min ${script}`);
    const described = await service.describe();
    expect(described).toMatchObject({ loaded: false, installed: true, enabled: true, unitPath: startup, drift: [] });
    await service.uninstall();
    for (const path of [startup, script, task.launch.secretsPath]) await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('that is refused for another reason is an error', async () => {
    const malformed = { code: 1, stderr: 'ERROR: The task XML is malformed.' };
    await using task = await openTask({ 'schtasks /Create': malformed, 'schtasks /Query': missing });
    await expect(task.service.install({})).rejects.toThrow(
      'Windows refused "schtasks /Create /TN OpenClaw Gateway": ERROR: The task XML is malformed.',
    );
    await expect(access(task.startup)).rejects.toThrow('ENOENT');
    expect(await readdir(join(task.home, '.openclaw'))).toEqual([]);
  });

  it('is described by numbers, whatever the language, and with what Windows has another idea of', async () => {
    await using task = await openTask({ 'schtasks ': '' });
    const { service, launch } = task;
    await service.install({});
    const xml = (await readFile(service.unitPath)).subarray(2).toString('utf16le');
    const answers = {
      'schtasks /Query /TN OpenClaw Gateway /XML': xml
        .replace('<Priority>7', '<Priority>5')
        .replace('</Settings>', '<UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine></Settings>'),
      'schtasks /Query': [listed('Wird ausgeführt', '267009'), listed('Bereit', '78'), listed('Bereit', '267011')],
    };
    const { run } = recordedPrograms(answers);
    const env = { HOME: task.home, USERDOMAIN: 'DESKTOP-7', USERNAME: 'ada' };
    const found = await findService(launch, { env, platform: 'win32', uid: 0, run });
    const first = await found.service?.describe();
    expect(first).toMatchObject({ loaded: true, installed: true, foreign: false, enabled: true, port: 18_789 });
    expect(first?.runtime).toEqual({ status: 'running', pid: undefined, state: 'running' });
    expect(first?.drift).toEqual(['Settings.Priority is 5, now it would be 7']);
    expect(first?.command?.slice(-3)).toEqual(['gateway', '--port', '18789']);
    expect((await found.service?.describe())?.runtime).toEqual({
      status: 'stopped',
      state: 'ready',
      lastExit: 'exit 78',
    });
    expect((await found.service?.describe())?.runtime).toEqual({
      status: 'stopped',
      state: 'ready',
      lastExit: undefined,
    });
  });

  it('is started, ended and deleted by its name', async () => {
    await using task = await openTask({ 'schtasks ': '' });
    const { service, calls } = task;
    await service.start();
    await service.stop({ disable: true });
    await service.uninstall();
    expect(calls.filter((line) => !line.includes('/Query'))).toEqual([
      'schtasks /Run /TN OpenClaw Gateway',
      'schtasks /End /TN OpenClaw Gateway',
      'schtasks /Change /TN OpenClaw Gateway /DISABLE',
      'schtasks /End /TN OpenClaw Gateway',
      'schtasks /Delete /F /TN OpenClaw Gateway',
    ]);
  });

  it('cannot be written for a folder with a line break in its name, and nothing is', async () => {
    await using task = await openTask({});
    const home = `${task.home}\nb`;
    const launch = { ...task.launch, home };
    const { run } = recordedPrograms({});
    const found = await findService(launch, { env: { HOME: home }, platform: 'win32', uid: 0, run });
    await expect(found.service?.install({})).rejects.toThrow('has a line break');
    await expect(access(task.launch.secretsPath)).rejects.toThrow('ENOENT');
  });
});
