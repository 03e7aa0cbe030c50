import type { ConfigReloaded, ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { ScheduledRestart } from '../../sdk/protocol/gateway.ts';
import type { Log } from '../log/log.ts';
import { listChanges } from './changes.ts';
import type { Config, ReloadMode } from './config.ts';
import type { ConfigEdited, ConfigFile, FileInHand } from './config-file.ts';
import type { LiveConfig } from './live.ts';
import type { LoadedConfig } from './load.ts';
import { planReload, type ReloadPlan } from './plan.ts';
import { describeFault, listPaths } from './reload-words.ts';
import { type FileWatch, watchFiles } from './watch-files.ts';

// the file changes ─► quiet for 300 ms ─► read and judged ─┬─ invalid: said in the log, health and status; all stays
//                                                          ├─ says what runs already: nothing
//                                                          └─ planned ─► off: nothing
//                                                               hot, restart, hybrid: the hot part is applied
//                                                               restart, hybrid: a restart, when a key takes one

export interface ReloadDeps {
  file: Pick<ConfigFile, 'hold'>;
  live: LiveConfig;
  restart: {
    request(request: { reason: string; delayMs: number; cause: 'config' }): ScheduledRestart;
    withdraw(cause: 'config'): void;
  };
  /** Told of what was read and is in effect. Contract: does not throw. */
  onTaken(taken: Omit<ConfigEdited, 'noop'>): void;
  /** Told when the state below is another one. Contract: does not throw. */
  onState(): void;
  log: Log;
}

export interface ConfigReload {
  /** How things stand, for `health` and `status`. */
  state(): ConfigReloadState;
  /** What the file as it is now would take. @throws GatewayError INVALID_REQUEST when it is not valid. */
  plan(): Promise<ConfigReloaded>;
  /** Applies the file as it is now, whatever the mode; a restart follows where it is needed and the mode is not `hot`. @throws as `plan`. */
  apply(): Promise<ConfigReloaded>;
  /**
   * Watches the file from now on. What it says by now is taken too.
   * @param failed why the last restart went back to the configuration from before: then the file is not tried again as it is.
   */
  watch(failed?: string): Promise<void>;
  /** Told of what the gateway itself has written, which is in effect by then. */
  written(edited: ConfigEdited): void;
  /** Whether a change that takes a restart leads to one by itself. */
  restarts(): boolean;
  close(): Promise<void>;
}

/** Milliseconds between the decision and the restart, so that answers and log lines get out. */
const restartDelayMs = 100;

/** Follows the configuration file. */
export function createConfigReload({ file, live, restart, onTaken, onState, log }: ReloadDeps): ConfigReload {
  let watch: FileWatch | undefined;
  let isClosed = false;
  /** What is watched: the files that were read last, or that could not be read. */
  let files: readonly string[] = filesOf(live.loaded());
  /** All that the file said when it was taken last, and when it was looked at last. */
  let taken: Config = live.current();
  let seen: Config = taken;
  let pending: string[] = [];
  /** Why the gateway could not be restarted with the file as it was taken. */
  let unusable: string | undefined;
  let fault: ConfigReloadState['fault'];

  const note = (next: { fault?: string | undefined; pending?: string[] }) => {
    const before = JSON.stringify([fault?.message, pending]);
    if (fault && next.fault === undefined) log.info('the configuration file is valid again');
    if (next.fault === undefined) fault = undefined;
    else if (fault?.message !== next.fault) fault = { ts: Date.now(), message: next.fault };
    pending = next.pending ?? pending;
    if (JSON.stringify([fault?.message, pending]) !== before) onState();
  };

  const judge = async (hand: FileInHand) => {
    const read = await hand.read();
    files = filesOf(read.loaded);
    return { read, plan: planReload(live.current(), read.loaded.config) };
  };

  const requestRestart = (): ScheduledRestart | undefined => {
    try {
      return restart.request({ reason: 'config', delayMs: restartDelayMs, cause: 'config' });
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      log.warn(`no restart follows: ${error.message}`);
      return undefined;
    }
  };

  const take = async (hand: FileInHand, { read, plan }: Judged): Promise<void> => {
    const { loaded } = read;
    await hand.take(read);
    taken = loaded.config;
    note({ pending: plan.restart });
    onTaken({
      file: loaded.path,
      hash: hand.hashOf(loaded),
      changedPaths: plan.paths,
      loaded,
      requiresRestart: plan.restart.length > 0,
    });
  };

  /** Does what the plan and the mode say. */
  const follow = async (hand: FileInHand, judged: Judged, mode: ReloadMode): Promise<ScheduledRestart | undefined> => {
    const { read, plan } = judged;
    log.info(`config change detected; evaluating reload (${listPaths(plan.paths)})`, { mode });
    if (plan.restart.length > 0) log.warn(`config change requires gateway restart (${listPaths(plan.restart)})`);
    if (mode === 'off') {
      read.prepared.discard();
      log.warn('config change not applied: gateway.reload.mode is "off"; "openclaw config reload" applies it');
      note({ pending: [...plan.hot, ...plan.restart] });
      return undefined;
    }
    await take(hand, judged);
    if (plan.hot.length > 0) log.info(`config change applied (${listPaths(plan.hot)})`);
    if (plan.restart.length === 0) restart.withdraw('config');
    else if (mode !== 'hot') return requestRestart();
    else log.warn('gateway.reload.mode is "hot": these keys stay as they are until the gateway is restarted');
    return undefined;
  };

  const skip = (error: unknown): void => {
    if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
    const wanted = error.details?.files;
    // An included file that is missing may come.
    if (Array.isArray(wanted)) files = [...new Set([...files, ...wanted.map(String)])];
    const message = describeFault(error);
    log.error(`config reload skipped (invalid config): ${message.log}`);
    note({ fault: message.short });
  };

  /** Looks at the file after a change. */
  const evaluate = (failed?: string) =>
    file.hold(async (hand) => {
      if (isClosed) return;
      if (failed === undefined && (await hand.isTaken().catch(() => false))) {
        seen = taken;
        note({ fault: unusable, pending: planReload(live.current(), taken).restart });
        return;
      }
      const judged = await judge(hand).catch(skip);
      if (!judged) return;
      const { config } = judged.read.loaded;
      const isNews = listChanges(seen, config).length > 0;
      seen = config;
      unusable = failed;
      note({ fault: failed, pending: judged.plan.restart });
      if (failed !== undefined) taken = config;
      if (isNews && failed === undefined) await follow(hand, judged, modeOf(config));
      // Another comment, say: what is in effect is this text from now on.
      else if (judged.plan.paths.length === 0) await hand.take(judged.read);
      else judged.read.prepared.discard();
    });

  const onFault = (error: unknown) => log.error('the configuration file cannot be followed', { error });
  const onPolling = (error: Error) =>
    log.warn('the system has no file watches left: the configuration file is looked at every second instead', {
      error,
    });

  return {
    state: () => ({
      hotReloadStatus: modeOf(live.current()) === 'off' ? 'disabled' : 'active',
      mode: modeOf(live.current()),
      ...(fault && { fault }),
      ...(pending.length > 0 && { restartPending: pending }),
    }),
    plan: () =>
      file.hold(async (hand) => {
        const { read, plan } = await judge(hand).catch(asRefusal);
        read.prepared.discard();
        return { ok: true, dryRun: true, mode: modeOf(read.loaded.config), path: read.loaded.path, ...plan };
      }),
    apply: () =>
      file.hold(async (hand) => {
        const judged = await judge(hand).catch((error: unknown) => {
          skip(error);
          return asRefusal(error);
        });
        const { path, config } = judged.read.loaded;
        const mode = modeOf(config);
        seen = config;
        note({});
        if (judged.plan.paths.length === 0) await hand.take(judged.read);
        const isNeeded = judged.plan.paths.length > 0;
        const scheduled = isNeeded && (await follow(hand, judged, mode === 'off' ? 'hybrid' : mode));
        return { ok: true, dryRun: false, mode, path, ...judged.plan, ...(scheduled && { scheduled }) };
      }),
    async watch(failed) {
      watch = await watchFiles({ files: () => files, onChange: () => evaluate().catch(onFault), onFault, onPolling });
      if (isClosed) await watch.close();
      else await evaluate(failed).catch(onFault);
      await watch.refresh();
    },
    written({ loaded, changedPaths }) {
      files = filesOf(loaded);
      taken = loaded.config;
      seen = taken;
      const { restart: waiting } = planReload(live.current(), taken);
      note({ pending: waiting });
      const news = waiting.filter((path) => changedPaths.includes(path));
      if (news.length > 0) log.warn(`config change requires gateway restart (${listPaths(news)})`);
      if (waiting.length === 0) restart.withdraw('config');
      void watch?.refresh();
    },
    restarts: () => ['restart', 'hybrid'].includes(modeOf(live.current())),
    async close() {
      isClosed = true;
      await watch?.close();
    },
  };
}

// --- internal ---

interface Judged {
  read: Awaited<ReturnType<FileInHand['read']>>;
  plan: ReloadPlan;
}

const modeOf = (config: Config): ReloadMode => config.gateway?.reload?.mode ?? 'hybrid';

/** A file that is not there yet may come. */
const filesOf = ({ path, files }: LoadedConfig): readonly string[] => (files.length > 0 ? files : [path]);

/** Who asks for a reload is told what is wrong with the file. */
function asRefusal(error: unknown): never {
  if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
  const { log } = describeFault(error);
  throw new GatewayError('INVALID_REQUEST', `config reload skipped (invalid config): ${log}`, {
    details: { code: 'INVALID_CONFIG', issues: error.details?.issues ?? [] },
  });
}
