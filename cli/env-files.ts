import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isGatewayError } from '../sdk/protocol/errors.ts';
import { resolvePaths } from '../server/config/paths.ts';
import type { Shell } from './shell.ts';

/** Where variables came from that were not set when the process started: the file of each. */
const origins = new Map<string, string>();

/**
 * Takes the variables of `./.env`, then of `<state directory>/.env`, into the environment of this process. What is set
 * already stays, so the first one wins. Values are never told; a file that cannot be read, and a variable that may not be
 * set by a file, is said on stderr. Done once, before anything else looks at the environment.
 */
export function readEnvFiles({ env, globals, note }: Shell): void {
  take(resolve('.env'), { env, note, isForeign: true });
  const stateDir = findStateDir(env, globals);
  if (stateDir !== undefined) take(join(stateDir, '.env'), { env, note, isForeign: false });
}

/** The env file that a variable was read from; undefined when it was set before. */
export function envFileOf(variable: string): string | undefined {
  return origins.get(variable);
}

// --- internal ---

/** More is no list of variables. */
const maxBytes = 1024 * 1024;

/** What programs are loaded with: a file of text must not decide that. */
const loaders = /^(?:NODE_|LD_|DYLD_)/;

/** Decided by no folder that one happens to be in: whose files are read, where keys are sent, who is believed. */
const steering =
  /^OPENCLAW_(?:STATE_DIR|CONFIG_PATH|HOME|PROFILE|INCLUDE_ROOTS|GATEWAY_URL|GATEWAY_TLS_FINGERPRINT|ALLOW_\w+)$|_(?:BASE_URL|API_HOST|ENDPOINT|HOMESERVER|PROXY)$|^(?:https?|all|no)_proxy$|^(?:SSL_CERT|DBUS|XDG)_/;

/** Nor what the programs load that a gateway or a tool of an agent starts. */
const startup =
  /^(?:PATH|ENV|BASH_ENV|SHELLOPTS|PS4|PERL5(?:OPT|LIB)|PYTHON(?:PATH|HOME|STARTUP)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|OPENSSL_CONF|GCONV_PATH|GLIBC_TUNABLES|SSH_(?:ASKPASS|AUTH_SOCK)|GIT_(?:SSH|SSH_COMMAND|ASKPASS|EDITOR|PAGER|EXEC_PATH|EXTERNAL_DIFF|PROXY_COMMAND|TEMPLATE_DIR|DIR|CONFIG\w*)|npm_config_\w+)$/i;

/** What the file of the state directory is found by: too late to say otherwise in it. */
const finding = /^OPENCLAW_(?:STATE_DIR|HOME|PROFILE)$/;

interface Taking extends Pick<Shell, 'env' | 'note'> {
  /** True for a file of the folder that one is in, which may be somebody else's. */
  isForeign: boolean;
}

function take(path: string, { env, note, isForeign }: Taking): void {
  const text = read(path, note);
  if (text === undefined) return;
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (env[name] !== undefined) continue;
    if (loaders.test(name)) note(`${path}: ${name} is left out: it has to be set before the process starts`);
    else if (isForeign ? steering.test(name) || startup.test(name) : finding.test(name))
      note(`${path}: ${name} is left out: it has to be set in the environment`);
    else {
      env[name] = value;
      origins.set(name, path);
    }
  }
}

function read(path: string, note: Shell['note']): string | undefined {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status) return undefined;
    if (status.isFile() && status.size <= maxBytes) return readFileSync(path, 'utf8');
    note(`${path} is left out: it is ${status.isFile() ? `larger than ${maxBytes} bytes` : 'no regular file'}`);
  } catch (error) {
    // It may be another user's; the command may not need it at all.
    note(`${path} is left out: it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return undefined;
}

/** Undefined for a profile that is none: the command says so. */
function findStateDir(env: Shell['env'], { profile, dev }: Shell['globals']): string | undefined {
  try {
    return resolvePaths({ env, profile, dev, homedir: homedir() }).stateDir;
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}
