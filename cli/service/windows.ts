import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { isAlive } from '../../server/config/state-dir.ts';
import { factsOfCommand, readIfThere } from './command-facts.ts';
import { compareSettings } from './drift.ts';
import type { Launch } from './launch.ts';
import { lastWords, type Ran } from './run-program.ts';
import { renderSecrets } from './secrets-file.ts';
import type { Description, Runtime, Service, Surroundings } from './service.ts';
import { renderScript, renderTask, scriptPath, taskName, taskSettings, toUtf16, writtenBy } from './windows-task.ts';

/**
 * The Scheduled Task of a profile; where the account may not make one, a script in its Startup folder, which Windows runs at
 * logon as well.
 */
export function createWindows(launch: Launch, { env, run }: Surroundings): Service {
  const name = taskName(launch.paths.profile);
  const script = scriptPath(launch);
  const unitPath = join(launch.paths.stateDir, 'gateway.task.xml');
  const appData = env.APPDATA ?? join(launch.home, 'AppData', 'Roaming');
  const startup = join(appData, 'Microsoft', 'Windows', 'Start Menu', 'Programs', 'Startup', `${name}.cmd`);
  const userId = [env.USERDOMAIN, env.USERNAME].filter(Boolean).join('\\');
  const schtasks = (...args: string[]) => run('schtasks', args);
  const order = async (...args: string[]) => {
    const ran = await schtasks(...args);
    if (ran.code !== 0) throw refusal(`schtasks ${args.join(' ')}`, ran);
  };
  const hasTask = async () => (await schtasks('/Query', '/TN', name)).code === 0;
  const takeAway = () =>
    Promise.all([script, unitPath, startup, launch.secretsPath].map((path) => rm(path, { force: true })));
  const runScript = () => run('cmd', ['/d', '/c', 'start', '', '/min', script]);
  const useStartup = async (ran: Ran) => {
    // Anything else is a fault that the Startup folder would only hide.
    if (!isDenied(ran)) {
      if (!(await hasTask())) await takeAway();
      throw refusal(`schtasks /Create /TN ${name}`, ran);
    }
    await replaceFile(startup, renderStartup(script));
    await runScript();
    return [`Windows does not let this account make a task (${lastWords(ran)}): the gateway starts from ${startup}`];
  };

  return {
    kind: 'schtasks',
    label: 'Scheduled Task',
    name,
    unitPath,
    async describe(): Promise<Description> {
      const [xml, listed, text, started] = await Promise.all([
        schtasks('/Query', '/TN', name, '/XML'),
        schtasks('/Query', '/TN', name, '/V', '/FO', 'CSV', '/NH'),
        readIfThere(script),
        readIfThere(startup),
      ]);
      const hasOne = xml.code === 0;
      const pid = await readPid(launch);
      return {
        loaded: hasOne,
        installed: hasOne || started !== undefined,
        foreign: text !== undefined && !text.includes(writtenBy),
        enabled: hasOne || started !== undefined,
        runtime: hasOne ? toRuntime(listed, pid) : pid ? { status: 'running', pid } : { status: 'stopped' },
        ...(text !== undefined && describeScript(text, launch)),
        unitPath: hasOne || started === undefined ? unitPath : startup,
        drift:
          text === undefined ? [] : findDrift({ launch, userId, script: text, task: hasOne ? xml.stdout : undefined }),
      };
    },
    async install(secrets) {
      const scriptText = renderScript(launch);
      await replaceFile(launch.secretsPath, renderSecrets(secrets, 'node', await readIfThere(launch.secretsPath)));
      await replaceFile(script, scriptText);
      await replaceFile(unitPath, toUtf16(renderTask(launch, userId)));
      const made = await schtasks('/Create', '/F', '/TN', name, '/XML', unitPath);
      if (made.code !== 0) return useStartup(made);
      await rm(startup, { force: true });
      await schtasks('/End', '/TN', name);
      await order('/Run', '/TN', name);
      return [];
    },
    async start() {
      if (await hasTask()) await order('/Run', '/TN', name);
      else await runScript();
    },
    async stop({ disable } = {}) {
      if (!(await hasTask())) return;
      // A task that does not run cannot be ended, and that is no failure.
      await schtasks('/End', '/TN', name);
      if (disable) await order('/Change', '/TN', name, '/DISABLE');
    },
    async restart() {
      await this.stop();
      await this.start();
    },
    async uninstall() {
      if (await hasTask()) {
        await schtasks('/End', '/TN', name);
        await order('/Delete', '/F', '/TN', name);
      }
      await takeAway();
    },
  };
}

// --- internal ---

/** The text is translated, its numbers are not; and a command that hangs is ended. */
const isDenied = ({ code, stdout, stderr }: Ran) =>
  code === 'ETIMEDOUT' || /access is denied|0x80070005/i.test(`${stderr}${stdout}`) || code === 5;

function refusal(command: string, ran: Ran): GatewayError {
  return new GatewayError('UNAVAILABLE', `Windows refused "${command}": ${lastWords(ran)}`, {
    details: { command, code: ran.code },
  });
}

const renderStartup = (script: string) =>
  `@echo off\r\nrem ${writtenBy}\r\nstart "" /min "${script.replaceAll('%', '%%')}"\r\n`;

/** `SCHED_S_TASK_RUNNING`; the column beside it says the same in the language of the account. */
const runningResult = '267009';
const neverRanResult = '267011';

function toRuntime({ code, stdout, stderr }: Ran, pid: number | undefined): Runtime {
  if (code !== 0) return { status: 'unknown', detail: stderr.trim() };
  const columns = [...stdout.trim().matchAll(/"((?:[^"]|"")*)"/g)].map(([, text]) => text);
  const result = columns[6];
  if (result === runningResult) return { status: 'running', pid, state: 'running' };
  const lastExit = result === undefined || result === neverRanResult ? undefined : `exit ${result}`;
  return pid ? { status: 'running', pid, lastExit } : { status: 'stopped', state: 'ready', lastExit };
}

/** The script starts another process, which tells its own number. */
async function readPid({ paths }: Launch): Promise<number | undefined> {
  try {
    const { pid } = JSON.parse((await readIfThere(join(paths.stateDir, 'gateway.json'))) ?? '{}') as { pid?: number };
    return pid && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function describeScript(text: string, { home }: Launch) {
  const lines = text.split(/\r?\n/).map((line) => line.replaceAll('%%', '%'));
  const variables = lines.flatMap((line) => {
    const [, name, value] = /^set "(\w+)=(.*)"$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? '']];
  });
  const command = lines.find((line) => line.startsWith('"'))?.match(/(?<=")[^"]+(?="(?: |$))/g);
  return factsOfCommand(command ? [...command] : undefined, Object.fromEntries(variables), home);
}

interface Installed {
  launch: Launch;
  userId: string;
  script: string;
  task: string | undefined;
}

function findDrift({ launch, userId, script, task }: Installed): string[] {
  const toLines = (text: string) => text.split('\r\n').map((value, index) => ({ name: `line ${index + 1}`, value }));
  const ofScript =
    script === renderScript(launch) ? [] : compareSettings(toLines(script), toLines(renderScript(launch)));
  const expected = task === undefined ? [] : taskSettings(renderTask(launch, userId));
  // Windows adds what it knows by itself: only what was asked for counts.
  const names = new Set(expected.map(({ name }) => name));
  const installed = task === undefined ? [] : taskSettings(task).filter(({ name }) => names.has(name));
  return [...ofScript.map((line) => `${scriptPath(launch)}: ${line}`), ...compareSettings(installed, expected)];
}
