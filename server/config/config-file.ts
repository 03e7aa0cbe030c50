import { dirname, relative, resolve } from 'node:path';
import type { ConfigDifference, ConfigSnapshot } from '../../sdk/protocol/config-state.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { keepBackup } from './backups.ts';
import type { Config } from './config.ts';
import { describeChanges } from './diff.ts';
import {
  type ConfigEdit,
  type Draft,
  draftEdit,
  parseObject,
  requireCurrent,
  requireStart,
  requireUsable,
  requireWhole,
} from './edit.ts';
import { asRefusal, cannotWrite, gone, noRevision, requireWritable, withRejected } from './edit-errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import { requireOutcome } from './include-edit.ts';
import type { LiveConfig } from './live.ts';
import { type LoadedConfig, parseConfig, readAsWritten, readConfigText } from './load.ts';
import { planReload, withoutRestarts } from './plan.ts';
import { redactConfig } from './redact.ts';
import { replaceFile } from './replace-file.ts';
import type { Revision, Revisions } from './revisions.ts';
import { resolveTargets } from './secret-targets.ts';
import { readConfigSnapshot } from './snapshot.ts';
import { areAsRead, parseSource } from './source.ts';
import type { Environment } from './substitute.ts';

/** What an edit did. */
export interface ConfigEdited {
  /** The file that was written, absolute: the configuration file, or one that it includes. */
  file: string;
  /** Of the configuration as it is now. */
  hash: string;
  /** True when the file says it already: nothing was written. */
  noop: boolean;
  /** Keys of the configuration whose value is another one now. */
  changedPaths: string[];
  /** The file as it is now; what it says is in effect, but for what takes a restart. */
  loaded: LoadedConfig;
  /** True when something that changed takes effect at the next start only. */
  requiresRestart: boolean;
}

/** All that a configuration changes besides itself, made ready; exactly one of both is called. Contract: neither throws. */
export interface Prepared {
  commit(): void;
  discard(): void;
}

/** The file while nobody else changes it. */
export interface FileInHand {
  /** True when it holds the text that is in effect, and the files that it includes hold theirs. */
  isTaken(): Promise<boolean>;
  /** What it says. @throws GatewayError INVALID_CONFIG when the gateway could not start with it. */
  read(): Promise<{ loaded: LoadedConfig; prepared: Prepared }>;
  /** Puts what was read into effect, but for what takes a restart. */
  take(read: { loaded: LoadedConfig; prepared: Prepared }): Promise<void>;
  /** What `config.get` calls it by. */
  hashOf(loaded: LoadedConfig): string;
}

/** The configuration file, with those that it includes: reads it, writes it, and puts what it says into effect. */
export interface ConfigFile {
  /** The file as it is now, secrets hidden. */
  read(): Promise<ConfigSnapshot>;
  /**
   * Changes the file and puts the change into effect; one edit after the other.
   * @throws GatewayError INVALID_REQUEST for a stale or missing base, for what the schema refuses (`details.issues`), for
   * what cannot be written without leave or stands in included files that cannot be changed for it; UNAVAILABLE when the disk
   * refuses. The file is then as it was, and a text that was refused is kept beside it, see `details.rejected`.
   */
  edit(edit: ConfigEdit): Promise<ConfigEdited>;
  /**
   * What the files say now and the configuration in effect, or a revision, does not, secrets hidden.
   * @throws GatewayError INVALID_CONFIG for files that cannot be read, INVALID_REQUEST for a revision that is not kept.
   */
  diff(revision?: number | undefined): Promise<ConfigDifference>;
  /** Newest first. */
  revisions(): Revision[];
  /** Writes the text of a revision. @throws GatewayError INVALID_REQUEST for one that is not kept, and as {@link edit}. */
  rollback(id: number, by: string): Promise<ConfigEdited>;
  /** Has the file in hand: no edit comes in between. */
  hold<T>(work: (file: FileInHand) => Promise<T>): Promise<T>;
  /** Reads the text of a patch. @throws GatewayError INVALID_REQUEST when it is no object in JSON5. */
  parsePatch(raw: string): Record<string, unknown>;
  /** A configuration as callers may see it: secrets hidden. */
  show(loaded: LoadedConfig): unknown;
  /**
   * Reads the references of the configuration in effect again, and puts what they stand for into effect at once.
   * Answers what could not be read: that stays as it was.
   * @throws GatewayError UNAVAILABLE for secrets that the gateway could not start with; then all stay as they were.
   */
  reloadSecrets(): Promise<{ warnings: string[] }>;
  /** The secrets that references of the configuration in effect stand for. @throws GatewayError INVALID_REQUEST as resolveTargets. */
  resolveSecrets(wanted: Parameters<typeof resolveTargets>[1]): ReturnType<typeof resolveTargets>;
  /** Hash of the newest configuration that is in effect as a whole. */
  appliedHash(): string;
}

export interface ConfigFileOptions {
  path: string;
  env: Environment;
  live: LiveConfig;
  fingerprint: Fingerprint;
  revisions: Revisions;
  /**
   * Makes ready what a configuration changes besides itself. Default: nothing.
   * @throws GatewayError INVALID_CONFIG when the gateway could not start with it.
   */
  prepare?: ((loaded: LoadedConfig) => Promise<Prepared>) | undefined;
  /** Told after each write that took effect, in their order. Contract: does not throw. */
  onWritten(edited: ConfigEdited): void;
}

type Check = () => Promise<boolean>;

/** Times that an edit is begun anew because somebody else wrote the file meanwhile. */
const maxAttempts = 5;

export function createConfigFile({
  path,
  env,
  live,
  fingerprint,
  revisions,
  prepare = async () => nothingPrepared,
  onWritten,
}: ConfigFileOptions): ConfigFile {
  let applied = fingerprint.config(live.current());
  let line: Promise<unknown> = Promise.resolve();
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const done = line.then(work);
    line = done.catch(() => undefined);
    return done;
  };

  const hashOf = ({ exists, sources }: LoadedConfig) => (exists ? fingerprint.files(sources) : undefined);

  const apply = (loaded: LoadedConfig) => {
    const config = withoutRestarts(live.current(), loaded.config);
    const parsed = withoutRestarts(live.loaded().parsed as Config, loaded.parsed as Config);
    live.put(config === loaded.config ? loaded : { ...loaded, config, parsed });
    if (config === loaded.config) applied = fingerprint.config(config);
  };

  /** What the file says; undefined when that is not valid. */
  const tryParse = async (raw: string | undefined) =>
    parseConfig(raw, { path, env, previous: live.loaded(), secrets: 'known' }).catch((error: unknown) => {
      if (isGatewayError(error) && error.code === 'INVALID_CONFIG') return undefined;
      throw error;
    });

  const nameOf = (file: string) => (file === path ? undefined : relative(dirname(path), file));

  /** Records the text that is being replaced when nobody told us of it: somebody edited by hand, or it is the first. */
  const recordFound = async (file: string, raw: string | undefined) => {
    const name = nameOf(file);
    if (raw === undefined || revisions.newestText(name) === raw) return;
    await revisions.add({ at: Date.now(), by: 'file', note: undefined, changedPaths: [], text: raw, file: name });
  };

  /** @returns undefined when one of the files has changed meanwhile. */
  const write = async (draft: Draft, { by, note }: ConfigEdit, changedPaths: string[], isUnchanged: Check) => {
    const { path: file, raw, text } = draft;
    const id = await revisions.add({ at: Date.now(), by, note, changedPaths, text, file: nameOf(file) });
    try {
      const isWanted = async () => {
        if (raw !== undefined && (await isUnchanged())) await keepBackup(file, raw);
        return isUnchanged();
      };
      if (await replaceFile(file, text, isWanted)) return true;
    } catch (error) {
      revisions.remove(id);
      throw cannotWrite(file, error);
    }
    revisions.remove(id);
    return false;
  };

  /** What the files say after an edit. @throws GatewayError INVALID_REQUEST, with the text that was refused kept in a file. */
  const judge = async (edit: ConfigEdit, draft: Draft, before: LoadedConfig | undefined): Promise<LoadedConfig> => {
    const { path: file, raw, text, wanted } = draft;
    const isOwn = file === path;
    try {
      const texts = isOwn ? undefined : new Map([[file, text]]);
      const whole = isOwn ? text : (before?.raw ?? undefined);
      const loaded = await parseConfig(whole, { path, env, texts, previous: live.loaded() }).catch(asRefusal);
      if (wanted !== undefined) requireOutcome(loaded, wanted);
      requireWhole(edit, { raw, text, before, loaded });
      requireStart({ env, before, loaded });
      return loaded;
    } catch (error) {
      throw isGatewayError(error) ? await withRejected(error, file, text) : error;
    }
  };

  const attempt = async (edit: ConfigEdit): Promise<ConfigEdited | undefined> => {
    const raw = await readConfigText(path);
    const before = await tryParse(raw);
    requireCurrent(edit, before ? hashOf(before) : raw === undefined ? undefined : fingerprint.text(raw));
    const draft = await draftEdit(edit, { path, raw, before });
    if (draft.text === draft.raw && before)
      return {
        file: draft.path,
        hash: fingerprint.files(before.sources),
        noop: true,
        changedPaths: [],
        loaded: before,
        requiresRestart: false,
      };
    const loaded = await judge(edit, draft, before);
    const { paths: changedPaths, restart } = planReload(before?.config ?? live.current(), loaded.config);
    const prepared = await prepare(loaded).catch(asRefusal);
    const isUnchanged = async () =>
      before?.exists ? areAsRead(before.sources) : (await readConfigText(path).catch(() => null)) === raw;
    const isWritten = await recordFound(draft.path, draft.raw)
      .then(() => write(draft, edit, changedPaths, isUnchanged))
      .catch((error: unknown) => {
        prepared.discard();
        throw error;
      });
    if (!isWritten) prepared.discard();
    if (!isWritten) return undefined;
    apply(loaded);
    prepared.commit();
    const requiresRestart = restart.length > 0;
    const edited = {
      file: draft.path,
      hash: fingerprint.files(loaded.sources),
      noop: false,
      changedPaths,
      loaded,
      requiresRestart,
    };
    onWritten(edited);
    return edited;
  };

  const findRevision = (id: number): { text: string; file: string | undefined } => {
    const text = revisions.text(id);
    if (text === undefined) throw noRevision(id, revisions.list());
    const name = revisions.list().find((revision) => revision.id === id)?.file;
    return { text, file: name === undefined ? undefined : resolve(dirname(path), name) };
  };

  const editNow = async (edit: ConfigEdit): Promise<ConfigEdited> => {
    requireWritable(path, env);
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const edited = await attempt(edit);
      if (edited) return edited;
    }
    throw new GatewayError('UNAVAILABLE', `${path} is being written by another program all the time: try again`, {
      details: { code: 'CONFIG_BUSY', path },
      retryable: true,
      retryAfterMs: 1000,
    });
  };

  const inHand: FileInHand = {
    async isTaken() {
      const { exists, sources } = live.loaded();
      if (!exists) return (await readConfigText(path)) === undefined;
      return areAsRead(sources);
    },
    async read() {
      const loaded = await parseConfig(await readConfigText(path), { path, env, previous: live.loaded() });
      if (!loaded.exists && live.loaded().exists) throw gone(path);
      return { loaded, prepared: await prepare(loaded) };
    },
    async take({ loaded, prepared }) {
      apply(loaded);
      prepared.commit();
      for (const { path: file, raw } of loaded.sources) await recordFound(file, raw);
    },
    hashOf: ({ sources }) => fingerprint.files(sources),
  };

  return {
    read: () =>
      readConfigSnapshot({
        path,
        env,
        fingerprint,
        running: live.current(),
        previous: live.loaded(),
        appliedHash: applied,
      }),
    edit: (edit) => inLine(() => editNow(edit)),
    async diff(id) {
      const now = await readAsWritten(path, { env });
      if (id === undefined) {
        const changes = describeChanges(live.loaded().parsed, now?.value ?? {});
        return { path, from: 'running', changes };
      }
      const { text, file = path } = findRevision(id);
      const source = now?.sources.find((one) => one.path === file);
      const [before, after] = [text, source?.raw ?? '{}'].map((raw) => parseSource(raw, file).value);
      return { path: file, from: 'revision', revision: id, changes: describeChanges(before, after) };
    },
    revisions: revisions.list,
    rollback: (id, by) =>
      inLine(async () => {
        const { text: raw, file } = findRevision(id);
        return editNow({ raw, file, by, note: `rollback to revision ${id}`, allowDestructive: true });
      }),
    reloadSecrets: () =>
      inLine(async () => {
        const before = live.loaded();
        const text = before.exists ? (before.raw ?? undefined) : undefined;
        const texts = new Map(before.sources.map((source) => [source.path, source.raw]));
        const loaded = await parseConfig(text, { path, env, texts, previous: before });
        requireUsable({ env, before, loaded });
        const prepared = await prepare(loaded);
        apply(loaded);
        prepared.commit();
        return { warnings: loaded.unread.map(({ path: key, message }) => `${key}: ${message}`) };
      }),
    hold: (work) => inLine(() => work(inHand)),
    parsePatch: parseObject,
    show: ({ config }) => redactConfig(config),
    resolveSecrets: (wanted) => resolveTargets(live.loaded(), wanted),
    appliedHash: () => applied,
  };
}

const nothingPrepared: Prepared = { commit: () => undefined, discard: () => undefined };
