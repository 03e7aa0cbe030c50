import { resolve } from 'node:path';
import type {
  ConfigDifference,
  ConfigRevision,
  ConfigSnapshot,
  ConfigWritten,
} from '../../sdk/protocol/config-state.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { openDatabase } from '../database/database.ts';
import { takeGatewayLock } from '../database/gateway-lock.ts';
import { makeFolder } from '../log/make-folder.ts';
import { lastGoodOf, readIfThere } from './backups.ts';
import { type ConfigEdited, type ConfigFile, createConfigFile } from './config-file.ts';
import { describeConfig } from './describe.ts';
import { describeChanges } from './diff.ts';
import type { ConfigEdit } from './edit.ts';
import { createFingerprint } from './fingerprint.ts';
import { createLiveConfig } from './live.ts';
import { type LoadedConfig, loadConfig, parseConfig, readAsWritten } from './load.ts';
import type { Paths } from './paths.ts';
import { createRevisions } from './revisions.ts';
import { createSeal } from './seal.ts';
import { readConfigSnapshot } from './snapshot.ts';
import type { Environment } from './substitute.ts';
import { ensureToken, readToken } from './token.ts';

/** The configuration of a gateway that is down. */
export interface Place {
  paths: Paths;
  env: Environment;
}

type Input = Record<string, unknown>;

/**
 * Answers a `config.*` method as the gateway would, by the same code on the same files. Writing takes the gateway's locks, so
 * that none starts meanwhile, and leaves the same revisions and backups.
 * @throws GatewayError as the method; UNAVAILABLE when a gateway holds the state directory.
 */
export async function askConfigOffline(method: string, input: Input, place: Place): Promise<unknown> {
  switch (method) {
    case 'config.get':
      return readOffline(place);
    case 'config.schema':
      return describeConfig('offline').whole();
    case 'config.schema.lookup':
      return describeConfig('offline').lookUp(String(input.path));
    case 'config.diff':
      return input.revision === undefined
        ? diffLastGood(place)
        : withConfigFile(place, (file) => file.diff(Number(input.revision)));
    case 'config.revisions.list':
      return withConfigFile(place, (file): { revisions: ConfigRevision[] } => ({ revisions: file.revisions() }));
    case 'config.patch': {
      const {
        raw,
        replacePaths = [],
        ...rest
      } = input as { raw: string; replacePaths?: string[] } & Partial<ConfigEdit>;
      return withConfigFile(place, async (file) => {
        const patch = file.parsePatch(raw);
        return toWritten(file, await file.edit({ ...rest, patch, replacePaths, by: owner }));
      });
    }
    case 'config.rollback':
      return withConfigFile(place, async (file) => toWritten(file, await file.rollback(Number(input.revision), owner)));
  }
  throw new Error(`${method} is not answered without a gateway`);
}

// --- internal ---

/** Who may write the files needs nobody's leave. */
const owner = 'cli';

function toWritten(file: ConfigFile, { loaded, file: path, hash, noop, changedPaths }: ConfigEdited): ConfigWritten {
  return { ok: true, path, hash, config: file.show(loaded), changedPaths, ...(noop && { noop }) };
}

async function readOffline({ paths, env }: Place): Promise<ConfigSnapshot> {
  const secret = await readToken(paths.deviceSecretPath, 'secret of device tokens');
  const fingerprint = createFingerprint(`config ${secret ?? crypto.randomUUID()}`);
  // To show a configuration no secret is needed, and no program has to be run for one.
  const { config, secrets } = await loadOrNothing({ paths, env }, 'left');
  const options = { path: paths.configPath, env, fingerprint, running: config, previous: { secrets }, appliedHash: '' };
  const snapshot = await readConfigSnapshot(options);
  // Before the first start there is no secret to make a hash with that means anything to the next process.
  return { ...snapshot, hash: secret === undefined ? null : snapshot.hash, appliedConfigHash: null };
}

/** A file that is not valid is nothing yet: an edit may make it valid. */
async function loadOrNothing({ paths, env }: Place, secrets?: 'left'): Promise<LoadedConfig> {
  const path = paths.configPath;
  return loadConfig({ path, env, secrets }).catch((error: unknown) => {
    if (isGatewayError(error) && error.code === 'INVALID_CONFIG') return parseConfig(undefined, { path, env });
    throw error;
  });
}

async function withConfigFile<T>(place: Place, use: (file: ConfigFile) => T | Promise<T>): Promise<T> {
  const { paths, env } = place;
  await makeFolder(paths.stateDir);
  const { stateDir, configPath } = paths;
  const lock = await takeGatewayLock({ stateDir, configPath, port: 0, withinMs: 0 });
  try {
    const secret = await ensureToken(paths.deviceSecretPath, 'secret of device tokens');
    const database = await openDatabase(paths.databasePath);
    try {
      const file = createConfigFile({
        path: configPath,
        env,
        live: createLiveConfig(await loadOrNothing(place)),
        fingerprint: createFingerprint(`config ${secret}`),
        revisions: createRevisions(database, createSeal(secret, 'revisions of the configuration')),
        onWritten: () => {},
      });
      return await use(file);
    } finally {
      await database.close();
    }
  } finally {
    await lock.release();
  }
}

/** The files as they are against those that the last good start has left. */
async function diffLastGood({ paths, env }: Place): Promise<ConfigDifference> {
  const path = paths.configPath;
  const now = await readAsWritten(path, { env });
  const good = await readIfThere(lastGoodOf(path));
  if (good === undefined)
    throw new GatewayError(
      'UNAVAILABLE',
      `there is nothing to compare ${path} with: no gateway runs, and none has started with it since copies are kept (${lastGoodOf(path)})`,
      { details: { code: 'NO_LAST_GOOD', path } },
    );
  const included = (now?.files ?? []).slice(1).map((file) => resolve(file));
  const copies = await Promise.all(included.map(async (file) => [file, await readIfThere(lastGoodOf(file))] as const));
  const texts = new Map(
    copies.flatMap(([file, text]): [string, string][] => (text === undefined ? [] : [[file, text]])),
  );
  const before = await readAsWritten(path, { env, texts, raw: good });
  return { path, from: 'last-good', changes: describeChanges(before?.value, now?.value ?? {}) };
}
