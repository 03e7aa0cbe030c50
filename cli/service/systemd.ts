import { lstat, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '../../server/config/replace-file.ts';
import { readIfThere } from '../local/file-text.ts';
import { factsOfCommand } from './command-facts.ts';
import { compareSettings, type Setting } from './drift.ts';
import type { Launch } from './launch.ts';
import { type Orders, toOrders } from './orders.ts';
import { lastWords, type Ran } from './run-program.ts';
import { writeSecrets } from './secrets-file.ts';
import type { Description, Found, Runtime, Service, Surroundings } from './service.ts';
import { parseUnit, renderUnit, type Unit, unitName, writtenBy } from './systemd-unit.ts';

/** The user's own systemd, when one runs: it listens in the runtime folder of the user. */
export async function findSystemd(launch: Launch, surroundings: Surroundings): Promise<Found> {
  const runtimeDir = runtimeDirOf(surroundings);
  const hasSocket = await Promise.all(['systemd/private', 'bus'].map((name) => exists(join(runtimeDir, name))));
  if (!hasSocket.includes(true))
    return { missing: `no systemd user manager runs for this account (looked for its socket in ${runtimeDir})` };
  return { service: createSystemd(launch, surroundings) };
}

/** The service of a profile, whether its unit is there or not. */
export function createSystemd(launch: Launch, surroundings: Surroundings): Service {
  const own = toOwn(launch, surroundings);
  const { name, unitPath, systemctl } = own;
  return {
    kind: 'systemd',
    label: 'systemd user',
    name,
    unitPath,
    describe: () => describe(own),
    install: (secrets) => install(own, secrets),
    async start() {
      await forgive(own);
      await systemctl.order('start', name);
    },
    async stop({ disable } = {}) {
      await systemctl.order('stop', name);
      if (disable) await systemctl.order('disable', name);
    },
    async restart() {
      await forgive(own);
      await systemctl.order('restart', name);
    },
    async uninstall() {
      await systemctl.order('disable', '--now', name);
      await takeAway(own);
    },
  };
}

/**
 * Whether services of this account run without it being logged in; undefined when loginctl does not say.
 */
export async function lingers({ run }: Pick<Surroundings, 'run'>): Promise<boolean | undefined> {
  const { code, stdout } = await run('loginctl', ['show-user', userInfo().username, '-p', 'Linger', '--value']);
  return code === 0 ? stdout.trim() === 'yes' : undefined;
}

// --- internal ---

const runtimeDirOf = ({ env, uid }: Surroundings) => env.XDG_RUNTIME_DIR?.trim() || `/run/user/${uid}`;

/** The unit of this gateway, and the systemd that knows it. */
interface Own {
  launch: Launch;
  surroundings: Surroundings;
  name: string;
  unitPath: string;
  systemctl: Orders;
}

function toOwn(launch: Launch, surroundings: Surroundings): Own {
  const { env, run } = surroundings;
  const name = unitName(launch.paths.profile);
  const configHome = env.XDG_CONFIG_HOME?.trim() || join(launch.home, '.config');
  const runtime = { XDG_RUNTIME_DIR: runtimeDirOf(surroundings) };
  const systemctl = toOrders({
    supervisor: 'systemd',
    program: 'systemctl --user',
    ask: (args) => run('systemctl', ['--user', ...args], runtime),
  });
  return { launch, surroundings, name, unitPath: join(configHome, 'systemd', 'user', name), systemctl };
}

async function describe({ launch, name, unitPath, systemctl }: Own): Promise<Description> {
  const [shown, text] = await Promise.all([
    systemctl.ask('show', name, '-p', shownProperties.join(',')),
    readIfThere(unitPath),
  ]);
  const properties = toProperties(shown);
  const unit = text === undefined ? undefined : parseUnit(text);
  return {
    loaded: properties.LoadState === 'loaded',
    installed: unit !== undefined,
    foreign: text !== undefined && !text.includes(writtenBy),
    enabled: properties.UnitFileState === 'enabled',
    runtime: shown.code === 0 ? toRuntime(properties) : { status: 'unknown', detail: lastWords(shown) },
    ...(unit && factsOfCommand(unit.command, unit.environment, launch.home)),
    unitPath,
    drift: unit ? findDrift(unit, launch, properties) : [],
  };
}

async function install(own: Own, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const { launch, surroundings, name, unitPath, systemctl } = own;
  const text = renderUnit(launch);
  const before = await readIfThere(unitPath);
  await writeSecrets(launch.secretsPath, secrets, 'systemd');
  await replaceFile(unitPath, text);
  try {
    await systemctl.order('daemon-reload');
    await systemctl.order('enable', name);
    await forgive(own);
    await systemctl.order('restart', name);
  } catch (error) {
    if (before === undefined) await takeAway(own);
    throw error;
  }
  return adviseLinger(surroundings);
}

async function takeAway(own: Own): Promise<void> {
  const { launch, name, unitPath, systemctl } = own;
  await systemctl.ask('disable', '--now', name);
  await Promise.all([unitPath, launch.secretsPath].map((path) => rm(path, { force: true })));
  await systemctl.order('daemon-reload');
  await forgive(own);
}

/** A service that failed too often is not started again before this; of one that did not, it is no error. */
const forgive = ({ systemctl, name }: Own) => systemctl.ask('reset-failed', name);

/** Without it the gateway ends with the last login: worth a word, and no reason to fail. */
async function adviseLinger(surroundings: Surroundings): Promise<string[]> {
  if (await lingers(surroundings)) return [];
  const user = userInfo().username;
  return [
    `The gateway stops when ${user} logs out, and does not start at boot. To change that: sudo loginctl enable-linger ${user}`,
  ];
}

const shownProperties = [
  'LoadState',
  'UnitFileState',
  'ActiveState',
  'SubState',
  'MainPID',
  'ExecMainStatus',
  'ExecMainCode',
  'NRestarts',
  'NeedDaemonReload',
];

function toProperties({ stdout }: Ran): Record<string, string> {
  const lines = stdout.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** `ExecMainCode` is that of waitid(2): 1 for an exit, 2 and 3 for a signal. */
function toRuntime(properties: Record<string, string>): Runtime {
  const { ActiveState: state, SubState: substate, MainPID, ExecMainCode: code, ExecMainStatus: status } = properties;
  const pid = Number(MainPID) || undefined;
  const how = code === '1' ? 'exit' : 'signal';
  return {
    status: pid !== undefined && state !== 'inactive' && state !== 'failed' ? 'running' : 'stopped',
    pid,
    state,
    substate,
    ...(code && code !== '0' && { lastExit: `${how} ${status}` }),
    restarts: Number(properties.NRestarts) || 0,
  };
}

function findDrift(unit: Unit, launch: Launch, { NeedDaemonReload }: Record<string, string>): string[] {
  const differences = compareSettings(toSettings(unit), toSettings(parseUnit(renderUnit(launch))));
  const stale = 'systemd has not read the unit since it changed: systemctl --user daemon-reload';
  return NeedDaemonReload === 'yes' ? [...differences, stale] : differences;
}

/** Variables one by one, as they may stand in lines of any number; what only describes is nobody's fault. */
function toSettings({ settings, environment, command }: Unit): Setting[] {
  const rest = settings.filter(({ key }) => !['Environment', 'ExecStart', 'Description'].includes(key));
  return [
    { name: 'ExecStart', value: (command ?? []).join(' ') },
    ...rest.map(({ key, value }) => ({ name: key, value })),
    ...Object.entries(environment).map(([key, value]) => ({ name: `Environment ${key}`, value })),
  ];
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );
