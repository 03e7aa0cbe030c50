import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { isPlainObject } from '../../server/config/key-path.ts';
import { type LoadedConfig, type LocatedIssue, parseConfig, readConfigText } from '../../server/config/load.ts';
import type { Environment } from '../../server/config/substitute.ts';

/** The configuration file as it was found, valid or not. */
export interface Reading {
  path: string;
  exists: boolean;
  /** Undefined when there is no file, or it cannot be read. */
  raw: string | undefined;
  /** The file parsed; undefined when it is no object in JSON5. */
  parsed: Record<string, unknown> | undefined;
  /** Undefined when the file is not valid. */
  loaded: LoadedConfig | undefined;
  /** What keeps it from being valid. */
  issues: LocatedIssue[];
}

/** Reads the configuration. Never throws for what the file holds. */
export async function readConfiguration(path: string, env: Environment): Promise<Reading> {
  let raw: string | undefined;
  try {
    raw = await readConfigText(path);
    const loaded = await parseConfig(raw, { path, env });
    return { path, exists: raw !== undefined, raw, parsed: await parse(raw), loaded, issues: [] };
  } catch (error) {
    // A file that is wrong is what doctor is for.
    if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
    const issues = (error.details?.issues as LocatedIssue[] | undefined) ?? [
      { path: '', code: 'UNKNOWN', message: error.message, file: path, line: 1, column: 1 },
    ];
    return { path, exists: true, raw, parsed: await parse(raw), loaded: undefined, issues };
  }
}

// --- internal ---

async function parse(raw: string | undefined): Promise<Record<string, unknown> | undefined> {
  if (raw === undefined) return undefined;
  const { default: JSON5 } = await import('json5');
  try {
    const value: unknown = JSON5.parse(raw);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined; // The issues say where.
  }
}
