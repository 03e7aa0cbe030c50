import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, isGatewayError } from '../../../sdk/protocol/errors.ts';
import { type GatewaySettings, resolveGateway } from '../../../server/config/gateway.ts';
import type { LoadedConfig } from '../../../server/config/load.ts';
import { type Paths, resolvePaths } from '../../../server/config/paths.ts';
import { withoutRestarts } from '../../../server/config/plan.ts';
import type { Gateway, GatewayOptions } from '../../../server/gateway.ts';
import type { FileLog } from '../../../server/log/file-log.ts';
import type { Keeper } from '../../../server/system/restart.ts';
import { listenForInterrupts } from '../../interrupts.ts';
import { exitCodes, misuse } from '../../misuse.ts';
import { findPackageRoot } from '../../package-root.ts';
import type { Shell } from '../../shell.ts';
import { buildId, version } from '../../version.ts';
import { greeting } from './greeting.ts';
import { guardMode, loadGuarded } from './guards.ts';
import { keepRunning } from './keep-running.ts';
import { writeLastWords } from './last-words.ts';
import { openLog } from './log.ts';
import { isSupervised } from './supervisor.ts';
import { createWatchdog } from './watchdog.ts';

/** `openclaw gateway`: starts, tells what to try, and stops on a signal. @throws GatewayError what kept it from starting. */
export async function runGateway(shell: Shell, args: Record<string, unknown>): Promise<number> {
  const { env, globals } = shell;
  const paths = asMisuse(() => resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() }));
  const flags = { ...readFlags(args), token: globals.token, password: await readPassword(globals.password, args) };
  if (args.reset === true && !globals.dev) throw misuse('--reset puts the gateway of --dev aside: give both, or none');
  const wsLog = readWsLog(args);
  refuseRawStream(args);
  if (globals.dev) await prepareDev(shell, paths, args);
  // What lsof and ps show, and the holders of a port: who it is, and no secret of the command line.
  process.title = ['openclaw-gateway', ...(paths.profile ? [paths.profile] : [])].join('-');
  const makers = {
    ...(await import('../../../server/log/file-log.ts')),
    ...(await import('../../../server/log/redact.ts')),
  };
  const ending = new AbortController();
  const stopped = untilStopped(shell).then(() => ending.abort());
  let current: FileLog | undefined;
  const stopListening = writeLastWords(() => current);
  const watchdog = createWatchdog({ log: () => current });
  const isUnguarded = args['allow-unconfigured'] === true;
  const resolve = (loaded: LoadedConfig) =>
    asMisuse(() => resolveGateway({ ...loaded, flags, env, dev: paths.profile === 'dev' }));
  return keepRunning({
    async read(before?: Setup) {
      // A secret that cannot be read at a restart keeps the value that it had, as it does at a reload.
      const reading = { path: paths.configPath, env, previous: before?.loaded };
      const loaded = await loadGuarded({ ...reading, allowUnconfigured: isUnguarded });
      return { loaded, settings: resolve(loaded) };
    },
    async start(setup, keeper) {
      const verbose = args.verbose === true;
      const opened = openLog(makers, { ...setup, paths, env, verbose, json: globals.json });
      current = opened.log;
      if (args.force === true && !keeper.last) await force(setup.settings, opened.log);
      const gateway = await start(
        shell,
        {
          ...setup,
          paths,
          log: opened.log,
          toLogSettings: opened.toSettings,
          renew(loaded) {
            if (!isUnguarded) guardMode(loaded.exists, loaded.config.gateway?.mode, paths.configPath);
            return renewSetup(setup, { loaded, settings: resolve(loaded) });
          },
          keeper,
          wsLog,
          patience: toPatience(opened.log, keeper, ending),
        },
        opened.toFileOnly,
      );
      const { auth, hosts } = setup.settings;
      const known = { auth, hosts, tokenPath: paths.tokenPath, profile: paths.profile, log: opened.log };
      if (!globals.json && !keeper.last) void greet(shell, gateway, known);
      return gateway;
    },
    stopped,
    supervised: isSupervised(env),
    onClosing: () => watchdog.watch('end of the gateway'),
  })
    .then(() => exitCodes.ok)
    .catch((error: unknown) => leaveToRival(shell, error))
    .finally(stopListening);
}

// --- internal ---

interface Setup {
  loaded: LoadedConfig;
  settings: GatewaySettings;
}

/** Makes ready another configuration: once it is in effect, it is what a restart goes back to when the next one is of no use. */
function renewSetup(setup: Setup, { loaded, settings }: Setup): ReturnType<NonNullable<GatewayOptions['renew']>> {
  return {
    settings,
    discard: () => undefined,
    commit() {
      const { auth } = settings.auth.mode === setup.settings.auth.mode ? settings : setup.settings;
      const config = withoutRestarts(setup.loaded.config, loaded.config);
      Object.assign(setup, { loaded: { ...loaded, config }, settings: { ...setup.settings, auth } });
    },
  };
}

type Starting = Pick<
  GatewayOptions,
  'paths' | 'loaded' | 'settings' | 'log' | 'toLogSettings' | 'renew' | 'keeper' | 'patience' | 'wsLog'
>;

async function start(shell: Shell, starting: Starting, toFileOnly: () => void): Promise<Gateway> {
  const { loaded, log } = starting;
  for (const { path, message } of loaded.warnings) log.warn(`config: ${path || 'file'}: ${message}`);
  try {
    const { startGateway } = await import('../../../server/gateway.ts');
    const packageDir = findPackageRoot();
    const docsDir = join(packageDir, 'docs');
    return await startGateway({ ...starting, env: shell.env, version, buildId, docsDir, packageDir });
  } catch (cause) {
    const { nameHolders } = await import('./conflict.ts');
    const error = await nameHolders(cause);
    toFileOnly();
    if (starting.patience?.signal?.aborted) log.info('stopped before it was ready');
    else log.error('start failed', { error });
    await log.close();
    throw error;
  }
}

/** `--dev` makes what is missing, unless the gateway is to start without; `--reset` puts aside what there is before. */
async function prepareDev(shell: Shell, paths: Paths, args: Record<string, unknown>): Promise<void> {
  const { makeDevGateway, resetDevGateway } = await import('./dev.ts');
  const say = (line: string) => shell.note(`gateway --dev: ${line}`);
  if (args.reset === true) await resetDevGateway(paths, say);
  if (args['allow-unconfigured'] !== true) await makeDevGateway(paths, say);
}

/** Ends who listens on the port. */
async function force({ port, hosts }: GatewaySettings, log: FileLog): Promise<void> {
  const { freePort } = await import('../../local/free-port.ts');
  await freePort(port, { hosts, say: log.child('gateway').warn }).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
}

/** How often a gateway that is started anew tries a port: while it does, nobody is served, and what ran before is at hand. */
const restartPortTries = 4;

function toPatience(log: FileLog, { last }: Keeper, ending: AbortController): GatewayOptions['patience'] {
  return { onWait: log.child('gateway').warn, signal: ending.signal, portTries: last && restartPortTries };
}

/** Ends with the code on which no supervisor tries again, when another gateway works well in this one's place. */
async function leaveToRival(shell: Shell, error: unknown): Promise<number> {
  const { findHealthyRival } = await import('./conflict.ts');
  const port = await findHealthyRival(error, shell.env);
  if (port === undefined) throw error;
  shell.note(`A healthy gateway already answers on port ${port}, and stays in control: this one ends.`);
  return exitCodes.misconfigured;
}

/** Says hello once it is known which model answers; what keeps it from knowing is for the log. */
async function greet(
  shell: Shell,
  gateway: Gateway,
  {
    log,
    ...known
  }: Pick<GatewaySettings, 'auth' | 'hosts'> & { tokenPath: string; profile: string | undefined; log: FileLog },
): Promise<void> {
  try {
    const { url, port, tlsFingerprint } = gateway;
    shell.out(
      greeting(shell, {
        url,
        port,
        tlsFingerprint,
        models: await gateway.models(),
        logFile: log.currentFile(),
        ...known,
      }),
    );
  } catch (error) {
    log.error('no model could be chosen', { error });
  }
}

/** The first SIGINT or SIGTERM; one more ends the process at once. */
function untilStopped(shell: Shell): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    listenForInterrupts(['SIGINT', 'SIGTERM'], {
      onFirst: resolve,
      onSecond: () => {
        shell.note('Stopped at once: runs that were working are marked interrupted at the next start.');
        process.exit(exitCodes.failed);
      },
    });
  });
}

function readFlags(args: Record<string, unknown>) {
  const text = (name: string) => (args[name] === undefined ? undefined : String(args[name]));
  return { port: text('port'), bind: text('bind'), auth: text('auth'), tailscale: text('tailscale') };
}

const wsLogs = ['auto', 'full', 'compact'] as const;

/** How requests and answers are printed with `--verbose`; `auto` is compact. Undefined without it. */
function readWsLog(args: Record<string, unknown>): GatewayOptions['wsLog'] {
  const given = String(args['ws-log'] ?? (args.compact === true ? 'compact' : 'auto'));
  const style = wsLogs.find((one) => one === given);
  if (style === undefined) throw misuse(`--ws-log "${given}" is not one of ${wsLogs.join(', ')}`);
  if (args.compact === true && style === 'full') throw misuse('--compact is --ws-log compact: leave one out');
  if (args.verbose !== true) return undefined;
  return style === 'full' ? 'full' : 'compact';
}

/** Other gateways write a file of what models send; a flag that did nothing would be believed. */
function refuseRawStream(args: Record<string, unknown>): void {
  const given = ['raw-stream', 'raw-stream-path'].find((name) => args[name] !== undefined);
  if (given !== undefined)
    throw misuse(
      `--${given} is not in this version: "openclaw runs events <run>" tells all that a model sent in a run, and --verbose --ws-log full what clients are told of it`,
    );
}

async function readPassword(given: string | undefined, args: Record<string, unknown>): Promise<string | undefined> {
  const path = args['password-file'];
  if (path === undefined) return given;
  if (given !== undefined) throw misuse('--password and --password-file name the same thing: leave one out');
  const text = await readFile(String(path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('INVALID_CONFIG', `--password-file ${path} cannot be read (${error.code})`, {
      cause: error,
    });
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new GatewayError('INVALID_CONFIG', `--password-file ${path} is empty`);
  return password;
}

/** Nothing was asked of a gateway yet: an invalid request is one of the command line. */
function asMisuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isGatewayError(error) && error.code === 'INVALID_REQUEST' ? misuse(error.message) : error;
  }
}
