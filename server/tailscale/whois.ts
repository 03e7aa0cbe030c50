import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from '../config/substitute.ts';
import type { Log } from '../log/log.ts';

export interface WhoisOptions {
  env: Environment;
  log: Log;
}

/** Answers whose machine has an address of the tailnet. */
export type Whois = (address: string) => Promise<string | undefined>;

const timeoutMs = 5_000;
/** What Tailscale said is asked for again after this time, milliseconds. */
const freshMs = 60_000;
const maxKnown = 1_000;
const maxOutputBytes = 1_000_000;

/** Asks Tailscale on this machine; one question at a time for each address. What it cannot tell is nobody, and a line of the log. */
export function createWhois({ env, log }: WhoisOptions): Whois {
  const known = new Map<string, { login: Promise<string | undefined>; until: number }>();
  return (address) => {
    const found = known.get(address);
    if (found && found.until > Date.now()) return found.login;
    known.delete(address);
    const login = ask(address, env).catch((error: Error) => {
      log.warn(`tailscale whois ${address} failed: nobody is signed in by it`, { error });
      known.delete(address);
      return undefined;
    });
    known.set(address, { login, until: Date.now() + freshMs });
    for (const oldest of known.keys()) {
      if (known.size <= maxKnown) break;
      known.delete(oldest);
    }
    return login;
  };
}

// --- internal ---

async function ask(address: string, env: Environment): Promise<string | undefined> {
  const options = { env, timeout: timeoutMs, maxBuffer: maxOutputBytes, windowsHide: true };
  const { stdout } = await promisify(execFile)('tailscale', ['whois', '--json', address], options);
  const { UserProfile } = JSON.parse(stdout) as { UserProfile?: { LoginName?: unknown } };
  return typeof UserProfile?.LoginName === 'string' ? UserProfile.LoginName.trim() || undefined : undefined;
}
