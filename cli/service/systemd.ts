import { lstat, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { factsOfCommand, readIfThere } from './command-facts.ts';
import { compareSettings, type Setting } from './drift.ts';
import type { Launch } from './launch.ts';
import { lastWords, type Ran } from './run-program.ts';
import { renderSecrets } from './secrets-file.ts';
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
  const { env, run } = surroundings;
  const name = unitName(launch.paths.profile);
  const configHome = env.XDG_CONFIG_HOME?.trim() || join(launch.home, '.config');
  const unitPath = join(configHome, 'systemd', 'user', name);
  const runtime = { XDG_RUNTIME_DIR: runtimeDirOf(surroundings) };
  const systemctl = (...args: string[]) => run('systemctl', ['--user', ...args], runtime);
  const order = async (...args: string[]) => {
    const ran = await systemctl(...args);
    if (ran.code !== 0) throw refusal(`systemctl --user ${args.join(' ')}`, ran);
  };
  const reload = () => order('daemon-reload');
  // A service that failed too often is not started again before this; of one that did not, it is no error.
  const forgive = () => systemctl('reset-failed', name);

  const takeAway = async () => {
    await systemctl('disable', '--now', name);
    await Promise.all([unitPath, launch.secretsPath].map((path) => rm(path, { force: true })));
    await reload();
    await forgive();
  };

  return {
    kind: 'systemd',
    label: 'systemd user',
    name,
    unitPath,
    async describe(): Promise<Description> {
      const [shown, text] = await Promise.all([
        systemctl('show', name, '-p', shownProperties.join(',')),
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
    },
    async install(secrets) {
      const text = renderUnit(launch);
      const secretsText = renderSecrets(secrets, 'systemd', await readIfThere(launch.secretsPath));
      const before = await readIfThere(unitPath);
      await replaceFile(launch.secretsPath, secretsText);
      await replaceFile(unitPath, text);
      try {
        await reload();
        await order('enable', name);
        await forgive();
        await order('restart', name);
      } catch (error) {
        if (before === undefined) await takeAway();
        throw error;
      }
      return adviseLinger(surroundings);
    },
    async start() {
      await forgive();
      await order('start', name);
    },
    async stop({ disable } = {}) {
      await order('stop', name);
      if (disable) await order('disable', name);
    },
    async restart() {
      await forgive();
      await order('restart', name);
    },
    async uninstall() {
      await order('disable', '--now', name);
      await takeAway();
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

function refusal(command: string, ran: Ran): GatewayError {
  return new GatewayError('UNAVAILABLE', `systemd refused "${command}": ${lastWords(ran)}`, {
    details: { command, code: ran.code },
  });
}

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
