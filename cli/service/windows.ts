import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../server/config/replace-file.ts';
import { isAlive } from '../../server/config/state-dir.ts';
import { readIfThere } from '../local/file-text.ts';
import { factsOfCommand } from './command-facts.ts';
import { compareSettings } from './drift.ts';
import type { Launch } from './launch.ts';
import { type Orders, toOrders, toRefusal } from './orders.ts';
import { lastWords, type Ran } from './run-program.ts';
import { writeSecrets } from './secrets-file.ts';
import type { Description, Runtime, Service, Surroundings } from './service.ts';
import { renderScript, renderTask, scriptPath, taskName, taskSettings, toUtf16, writtenBy } from './windows-task.ts';

/**
 * The Scheduled Task of a profile; where the account may not make one, a script in its Startup folder, which Windows runs at
 * logon as well.
 */
export function createWindows(launch: Launch, surroundings: Surroundings): Service {
  const own = toOwn(launch, surroundings);
  const { name, unitPath, schtasks } = own;
  return {
    kind: 'schtasks',
    label: 'Scheduled Task',
    name,
    unitPath,
    describe: () => describe(own),
    install: (secrets) => install(own, secrets),
    start: () => start(own),
    stop: ({ disable = false } = {}) => stop(own, disable),
    async restart() {
      await stop(own, false);
      await start(own);
    },
    async uninstall() {
      if (await hasTask(own)) {
        await schtasks.ask('/End', '/TN', name);
        await schtasks.order('/Delete', '/F', '/TN', name);
      }
      await takeAway(own);
    },
  };
}

// --- internal ---

/** The task of this gateway, the files that belong to it, and the Windows that knows it. */
interface Own {
  launch: Launch;
  name: string;
  /** `DOMAIN\user`. */
  userId: string;
  script: string;
  unitPath: string;
  /** The script of the Startup folder. */
  startup: string;
  schtasks: Orders;
  runScript(): Promise<Ran>;
}

function toOwn(launch: Launch, { env, run }: Surroundings): Own {
  const name = taskName(launch.paths.profile);
  const script = scriptPath(launch);
  const appData = env.APPDATA ?? join(launch.home, 'AppData', 'Roaming');
  const ask = (args: readonly string[]) => run('schtasks', args);
  return {
    launch,
    name,
    userId: [env.USERDOMAIN, env.USERNAME].filter(Boolean).join('\\'),
    script,
    unitPath: join(launch.paths.stateDir, 'gateway.task.xml'),
    startup: join(appData, 'Microsoft', 'Windows', 'Start Menu', 'Programs', 'Startup', `${name}.cmd`),
    schtasks: toOrders({ supervisor: 'Windows', program: 'schtasks', ask }),
    runScript: () => run('cmd', ['/d', '/c', 'start', '', '/min', script]),
  };
}

async function describe({ launch, name, userId, script, unitPath, startup, schtasks }: Own): Promise<Description> {
  const [xml, listed, text, started, pid] = await Promise.all([
    schtasks.ask('/Query', '/TN', name, '/XML'),
    schtasks.ask('/Query', '/TN', name, '/V', '/FO', 'CSV', '/NH'),
    readIfThere(script),
    readIfThere(startup),
    readPid(launch),
  ]);
  const task = xml.code === 0 ? xml.stdout : undefined;
  const runtime: Runtime = pid ? { status: 'running', pid } : { status: 'stopped' };
  return {
    loaded: task !== undefined,
    installed: task !== undefined || started !== undefined,
    foreign: text !== undefined && !text.includes(writtenBy),
    enabled: task !== undefined || started !== undefined,
    runtime: task === undefined ? runtime : toRuntime(listed, pid),
    ...(text !== undefined && describeScript(text, launch)),
    unitPath: task !== undefined || started === undefined ? unitPath : startup,
    drift: text === undefined ? [] : findDrift({ launch, userId, script: text, task }),
  };
}

async function install(own: Own, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const { launch, name, userId, script, unitPath, startup, schtasks } = own;
  const scriptText = renderScript(launch);
  await writeSecrets(launch.secretsPath, secrets, 'node');
  await replaceFile(script, scriptText);
  await replaceFile(unitPath, toUtf16(renderTask(launch, userId)));
  const made = await schtasks.ask('/Create', '/F', '/TN', name, '/XML', unitPath);
  if (made.code !== 0) return useStartup(own, made);
  await rm(startup, { force: true });
  await schtasks.ask('/End', '/TN', name);
  await schtasks.order('/Run', '/TN', name);
  return [];
}

async function useStartup(own: Own, ran: Ran): Promise<string[]> {
  const { name, script, startup } = own;
  // Anything else is a fault that the Startup folder would only hide.
  if (!isDenied(ran)) {
    if (!(await hasTask(own))) await takeAway(own);
    throw toRefusal('Windows', `schtasks /Create /TN ${name}`, ran);
  }
  await replaceFile(startup, renderStartup(script));
  await own.runScript();
  return [`Windows does not let this account make a task (${lastWords(ran)}): the gateway starts from ${startup}`];
}

async function start(own: Own): Promise<void> {
  if (await hasTask(own)) await own.schtasks.order('/Run', '/TN', own.name);
  else await own.runScript();
}

async function stop(own: Own, disable: boolean): Promise<void> {
  const { name, schtasks } = own;
  if (!(await hasTask(own))) return;
  // A task that does not run cannot be ended, and that is no failure.
  await schtasks.ask('/End', '/TN', name);
  if (disable) await schtasks.order('/Change', '/TN', name, '/DISABLE');
}

const hasTask = async ({ schtasks, name }: Own) => (await schtasks.ask('/Query', '/TN', name)).code === 0;

async function takeAway({ script, unitPath, startup, launch }: Own): Promise<void> {
  await Promise.all([script, unitPath, startup, launch.secretsPath].map((path) => rm(path, { force: true })));
}

/** The text is translated, its numbers are not; and a command that hangs is ended. */
const isDenied = ({ code, stdout, stderr }: Ran) =>
  code === 'ETIMEDOUT' || /access is denied|0x80070005/i.test(`${stderr}${stdout}`) || code === 5;

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
