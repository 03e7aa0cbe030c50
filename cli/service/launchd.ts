import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFile } from '../../server/config/replace-file.ts';
import { readIfThere } from '../local/file-text.ts';
import { factsOfCommand } from './command-facts.ts';
import { compareSettings } from './drift.ts';
import type { Launch } from './launch.ts';
import {
  agentLabel,
  type PlistValue,
  parsePlist,
  renderPlist,
  toPlist,
  toSettings,
  writtenBy,
} from './launchd-plist.ts';
import { type Orders, toOrders } from './orders.ts';
import type { Ran } from './run-program.ts';
import { writeSecrets } from './secrets-file.ts';
import type { Description, Runtime, Service, Surroundings } from './service.ts';

/** The agent of a profile in the user's session under macOS, whether its property list is there or not. */
export function createLaunchd(launch: Launch, surroundings: Surroundings): Service {
  const own = toOwn(launch, surroundings);
  const { label, unitPath, target, launchctl } = own;
  return {
    kind: 'launchd',
    label: 'launchd agent',
    name: label,
    unitPath,
    describe: () => describe(own),
    install: (secrets) => install(own, secrets),
    async start() {
      if (await isLoaded(own)) await launchctl.order('kickstart', target);
      else await bootstrap(own);
    },
    async stop({ disable } = {}) {
      await bootout(own);
      if (disable) await launchctl.order('disable', target);
    },
    async restart() {
      if (await isLoaded(own)) await launchctl.order('kickstart', '-k', target);
      else await bootstrap(own);
    },
    async uninstall() {
      await bootout(own);
      await takeAway(own);
    },
  };
}

// --- internal ---

/** `ExitTimeOut` is 20 s. */
const bootoutTries = 120;
const bootoutPauseMs = 200;
const renderedMark = writtenBy.replaceAll('"', '&quot;');

/** The agent of this gateway, and the launchd that knows it. */
interface Own {
  launch: Launch;
  label: string;
  unitPath: string;
  /** The user's session. */
  domain: string;
  /** The agent in it. */
  target: string;
  launchctl: Orders;
}

function toOwn(launch: Launch, { run, uid }: Surroundings): Own {
  const label = agentLabel(launch.paths.profile);
  const unitPath = join(launch.home, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = `gui/${uid}`;
  const ask = (args: readonly string[]) => run('launchctl', args);
  const launchctl = toOrders({ supervisor: 'launchd', program: 'launchctl', ask });
  return { launch, label, unitPath, domain, target: `${domain}/${label}`, launchctl };
}

async function describe({ launch, label, unitPath, domain, target, launchctl }: Own): Promise<Description> {
  const [printed, disabled, text] = await Promise.all([
    launchctl.ask('print', target),
    launchctl.ask('print-disabled', domain),
    readIfThere(unitPath),
  ]);
  const plist = text === undefined ? undefined : parsePlist(text);
  const isDisabled = new RegExp(`"${label.replaceAll('.', '\\.')}" => (disabled|true)`).test(disabled.stdout);
  return {
    loaded: printed.code === 0,
    installed: text !== undefined,
    foreign: text !== undefined && !text.includes(renderedMark),
    enabled: text !== undefined && !isDisabled,
    runtime: toRuntime(printed),
    ...(plist && describePlist(plist, launch)),
    unitPath,
    drift: plist ? compareSettings(toSettings(plist), toSettings(toPlist(launch))) : [],
  };
}

async function install(own: Own, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const { launch, unitPath } = own;
  await writeSecrets(launch.secretsPath, secrets, 'node');
  const before = await readIfThere(unitPath);
  await replaceFile(unitPath, renderPlist(toPlist(launch)));
  try {
    await bootout(own);
    await bootstrap(own);
  } catch (error) {
    if (before === undefined) await takeAway(own);
    throw error;
  }
  return [];
}

const isLoaded = async ({ launchctl, target }: Own) => (await launchctl.ask('print', target)).code === 0;

async function bootstrap({ launchctl, domain, target, unitPath }: Own): Promise<void> {
  await launchctl.order('enable', target);
  await launchctl.order('bootstrap', domain, unitPath);
}

/** launchctl answers before the process has ended; what is loaded cannot be loaded again. */
async function bootout(own: Own): Promise<void> {
  if (!(await isLoaded(own))) return;
  await own.launchctl.order('bootout', own.target);
  for (let tries = 0; tries < bootoutTries && (await isLoaded(own)); tries++) await sleep(bootoutPauseMs);
}

async function takeAway({ unitPath, launch }: Own): Promise<void> {
  await Promise.all([unitPath, launch.secretsPath].map((path) => rm(path, { force: true })));
}

/** `launchctl print` is for people; of its lines with one tab before them, these have stayed. */
function toRuntime({ code, stdout, stderr }: Ran): Runtime {
  if (code !== 0)
    return /could not find/i.test(stderr) ? { status: 'stopped' } : { status: 'unknown', detail: stderr.trim() };
  const field = (name: string) => new RegExp(`^\\t${name} = (.*)$`, 'm').exec(stdout)?.[1];
  const state = field('state');
  const pid = Number(field('pid')) || undefined;
  const exit = /^\d+/.exec(field('last exit code') ?? '')?.[0];
  const signal = /\d+$/.exec(field('last terminating signal') ?? '')?.[0];
  const lastExit = signal ? `signal ${signal}` : exit && `exit ${exit}`;
  return { status: pid ? 'running' : 'stopped', pid, state, ...(lastExit && { lastExit }) };
}

function describePlist(plist: Record<string, PlistValue>, { home }: Launch) {
  const command = Array.isArray(plist.ProgramArguments) ? plist.ProgramArguments.map(String) : undefined;
  const variables = typeof plist.EnvironmentVariables === 'object' ? plist.EnvironmentVariables : {};
  const environment = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
  return factsOfCommand(command, environment, home);
}
