import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { factsOfCommand, readIfThere } from './command-facts.ts';
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
import { lastWords, type Ran } from './run-program.ts';
import { renderSecrets } from './secrets-file.ts';
import type { Description, Runtime, Service, Surroundings } from './service.ts';

/** The agent of a profile in the user's session under macOS, whether its property list is there or not. */
export function createLaunchd(launch: Launch, { run, uid }: Surroundings): Service {
  const label = agentLabel(launch.paths.profile);
  const unitPath = join(launch.home, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = `gui/${uid}`;
  const target = `${domain}/${label}`;
  const launchctl = (...args: string[]) => run('launchctl', args);
  const order = async (...args: string[]) => {
    const ran = await launchctl(...args);
    if (ran.code !== 0) throw refusal(`launchctl ${args.join(' ')}`, ran);
  };
  const isLoaded = async () => (await launchctl('print', target)).code === 0;
  const bootstrap = async () => {
    await order('enable', target);
    await order('bootstrap', domain, unitPath);
  };
  // launchctl answers before the process has ended; what is loaded cannot be loaded again.
  const bootout = async () => {
    if (!(await isLoaded())) return;
    await order('bootout', target);
    for (let tries = 0; tries < bootoutTries && (await isLoaded()); tries++) await sleep(bootoutPauseMs);
  };

  const takeAway = () => Promise.all([unitPath, launch.secretsPath].map((path) => rm(path, { force: true })));

  return {
    kind: 'launchd',
    label: 'launchd agent',
    name: label,
    unitPath,
    async describe(): Promise<Description> {
      const [printed, disabled, text] = await Promise.all([
        launchctl('print', target),
        launchctl('print-disabled', domain),
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
    },
    async install(secrets) {
      await replaceFile(launch.secretsPath, renderSecrets(secrets, 'node', await readIfThere(launch.secretsPath)));
      const before = await readIfThere(unitPath);
      await replaceFile(unitPath, renderPlist(toPlist(launch)));
      try {
        await bootout();
        await bootstrap();
      } catch (error) {
        if (before === undefined) await takeAway();
        throw error;
      }
      return [];
    },
    async start() {
      if (await isLoaded()) await order('kickstart', target);
      else await bootstrap();
    },
    async stop({ disable } = {}) {
      await bootout();
      if (disable) await order('disable', target);
    },
    async restart() {
      if (await isLoaded()) await order('kickstart', '-k', target);
      else await bootstrap();
    },
    async uninstall() {
      await bootout();
      await takeAway();
    },
  };
}

// --- internal ---

/** `ExitTimeOut` is 20 s. */
const bootoutTries = 120;
const bootoutPauseMs = 200;
const renderedMark = writtenBy.replaceAll('"', '&quot;');

function refusal(command: string, ran: Ran): GatewayError {
  const hint = /domain/i.test(ran.stderr) ? ' (agents need a session: log in at the screen once)' : '';
  return new GatewayError('UNAVAILABLE', `launchd refused "${command}": ${lastWords(ran)}${hint}`, {
    details: { command, code: ran.code },
  });
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
