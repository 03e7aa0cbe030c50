import { readFile, stat } from 'node:fs/promises';
import { readConfigText } from '../../sdk/node/config-text.ts';
import { findGatewayError } from '../../sdk/protocol/errors.ts';
import type { Config } from '../../server/config/config.ts';
import { membersOf } from '../../server/config/key-path.ts';
import type { LocatedIssue } from '../../server/config/load.ts';

/** The configuration file as it lies there. */
export interface ConfigHere {
  path: string;
  exists: boolean;
  /** True without a file: a gateway runs with the defaults then. */
  valid: boolean;
  /** The file and those that it includes, also one that is missing. */
  files: string[];
  /** What is wrong with it, with its place. */
  issues: LocatedIssue[];
  /** Keys without an effect, variables that are not set. */
  warnings: { path: string; message: string }[];
  /** The whole error for an operator; undefined for a valid file. */
  fault: string | undefined;
  /** `gateway.mode`. */
  mode: 'local' | 'remote' | undefined;
  /** What it says; of an invalid one, what could be read. References to secrets are left as they are. */
  value: Config;
}

/** Reads and checks the file. No secret is read and no program run for one. Never throws. */
export async function readConfigHere(path: string, env: NodeJS.ProcessEnv): Promise<ConfigHere> {
  const text = await readText(path).catch((error: NodeJS.ErrnoException) => error);
  const none = {
    path,
    exists: false,
    valid: true,
    files: [],
    issues: [],
    warnings: [],
    fault: undefined,
    mode: undefined,
  };
  if (text instanceof Error && text.code === 'ENOENT') return { ...none, value: {} };
  try {
    // It brings zod along, which only a file that is there is worth.
    const { loadConfig } = await import('../../server/config/load.ts');
    const { config, files, warnings } = await loadConfig({ path, env, secrets: 'left' });
    return { ...none, exists: true, files, warnings, mode: config.gateway?.mode, value: config };
  } catch (error) {
    return { ...none, exists: true, valid: false, ...toFault(error), ...guess(text) };
  }
}

// --- internal ---

/** Of a pipe or a device nothing: it may never end, and the check says what it is. */
async function readText(path: string): Promise<string> {
  return (await stat(path)).isFile() ? readFile(path, 'utf8') : '';
}

function toFault(error: unknown): Pick<ConfigHere, 'files' | 'issues' | 'fault'> {
  const known = findGatewayError(error);
  if (!known) throw error;
  const { issues = [], files = [] } = (known.details ?? {}) as { issues?: LocatedIssue[]; files?: string[] };
  return { files, issues, fault: known.message };
}

/** What a broken text says as far as it can be read, so that the gateway that ran with it before is still found. */
function guess(text: string | Error): Pick<ConfigHere, 'mode' | 'value'> {
  const read = text instanceof Error ? {} : readConfigText(text);
  const gateway = membersOf(read.gateway);
  const { port, bind, mode, auth, customBindHost, remote } = gateway;
  const known = {
    ...(typeof port === 'number' && { port }),
    ...(typeof bind === 'string' && { bind }),
    ...(typeof customBindHost === 'string' && { customBindHost }),
    auth: membersOf(auth),
    remote: membersOf(remote),
  };
  const { file } = membersOf(membersOf(read).logging);
  const value = { gateway: known, ...(typeof file === 'string' && { logging: { file } }) } as Config;
  return { mode: mode === 'local' || mode === 'remote' ? mode : undefined, value };
}
