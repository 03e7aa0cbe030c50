import { readGatewayHere } from '../local/gateway-here.ts';
import type { Shell } from '../shell.ts';
import type { Launch } from './launch.ts';
import { programsIn, type RunProgram } from './run-program.ts';

/** What the supervisor says about the process. */
export interface Runtime {
  /** `unknown` when the supervisor did not answer; `detail` says why. */
  status: 'running' | 'stopped' | 'unknown';
  pid?: number | undefined;
  /** In the supervisor's own words, for example `active` and `running`. */
  state?: string | undefined;
  substate?: string | undefined;
  /** How the last process ended: `exit 78`, `signal 9`. */
  lastExit?: string | undefined;
  /** How often the supervisor has started it anew, where it counts. */
  restarts?: number | undefined;
  detail?: string | undefined;
}

/** A gateway's service as it is now. */
export interface Description {
  /** True when the supervisor knows it. */
  loaded: boolean;
  /** True when its file is there, loaded or not. */
  installed: boolean;
  /** True when somebody else has written that file. */
  foreign: boolean;
  /** True when it starts by itself: at login, or at boot where the account lingers. */
  enabled: boolean;
  runtime: Runtime;
  /** The command line that it starts, as words. */
  command?: string[] | undefined;
  /** The port in that command line. */
  port?: number | undefined;
  /** The configuration file that its process reads. */
  configPath?: string | undefined;
  /** The unit, property list or task file. */
  unitPath: string;
  /** How the installed file differs from what `install` would write now, a sentence each. Secrets are not shown. */
  drift: string[];
}

/** A gateway under the supervisor of the operating system; one implementation for each of them. */
export interface Service {
  kind: 'systemd' | 'launchd' | 'schtasks';
  /** For people: `systemd user`, `launchd agent`, `Scheduled Task`. */
  label: string;
  /** Its name with the supervisor, for example `openclaw-gateway.service`. */
  name: string;
  unitPath: string;
  /** Looks; changes nothing. Contract: does not reject because the supervisor is away. */
  describe(): Promise<Description>;
  /**
   * Writes the file, atomically, and has the supervisor know and start it.
   * @param secrets variables for the owner-only file beside it.
   * @returns notices for people, for example that the account does not linger.
   * @throws GatewayError UNAVAILABLE with what the supervisor said.
   */
  install(secrets: Readonly<Record<string, string>>): Promise<string[]>;
  /** Returns when the supervisor has taken the order. @throws GatewayError UNAVAILABLE */
  start(): Promise<void>;
  /** @param disable also keeps it from starting by itself. */
  stop(options?: { disable?: boolean }): Promise<void>;
  restart(): Promise<void>;
  /** Stops it and takes its file away; configuration and state stay. */
  uninstall(): Promise<void>;
}

/** What the choice of a supervisor depends on. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  /** The user's number; 0 where the system has none. */
  uid: number;
  run: RunProgram;
}

/** The supervisor of this machine, or why there is none. */
export type Found = { service: Service; missing?: undefined } | { service?: undefined; missing: string };

/**
 * The supervisor of this machine with the gateway of this command line; undefined where there is none. Starts no process.
 * @param port the one that a service written now would have; by default it is looked up.
 */
export async function openService(shell: Shell, port?: number): Promise<Service | undefined> {
  const { planLaunch } = await import('./launch.ts');
  const launch = await planLaunch(shell, port ?? (await readGatewayHere(shell)).port);
  return (await findService(launch, surroundingsOf(shell))).service;
}

/** Chooses the implementation of this system, and says why where there is none. */
export async function findService(launch: Launch, surroundings: Surroundings): Promise<Found> {
  switch (surroundings.platform) {
    case 'linux': {
      const { findSystemd } = await import('./systemd.ts');
      return findSystemd(launch, surroundings);
    }
    case 'darwin': {
      const { createLaunchd } = await import('./launchd.ts');
      return { service: createLaunchd(launch, surroundings) };
    }
    case 'win32': {
      const { createWindows } = await import('./windows.ts');
      return { service: createWindows(launch, surroundings) };
    }
    default:
      return { missing: `openclaw knows no supervisor of ${surroundings.platform}` };
  }
}

export function surroundingsOf({ env }: Pick<Shell, 'env'>): Surroundings {
  return { env, platform: process.platform, uid: process.getuid?.() ?? 0, run: programsIn(env) };
}
