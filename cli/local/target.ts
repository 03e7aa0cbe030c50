import { toSocketUrl } from '../../sdk/client/surroundings.ts';
import { locate } from '../../sdk/node/locate.ts';
import { findGatewayError } from '../../sdk/protocol/errors.ts';
import { inFlags } from '../flag-words.ts';
import { toTimeoutMs, toWanted } from '../globals.ts';
import { hideThoseIn } from '../hide-secrets.ts';
import { misuse } from '../misuse.ts';
import type { Shell } from '../shell.ts';
import { type Probe, probeGateway } from './probe.ts';

/** A gateway that a command speaks to, and why that one. */
export interface Target {
  url: string;
  /** Where the url comes from, for people. */
  from: string;
  credentials: { token?: string | undefined; password?: string | undefined };
  /** Where the credentials come from, for people; undefined when there are none. */
  credentialFrom: string | undefined;
  /** SHA-256 that the gateway's certificate must have. */
  tlsFingerprint: string | undefined;
  /** What to do when nobody answers there. */
  hint: string;
}

/** Milliseconds that a diagnosis gives a gateway. One that is down is known at once; this is for one that is silent. */
export const patienceMs = 3_000;

/** The gateway that the global flags, the environment and the configuration name. @throws GatewayError bad usage. */
export async function findTarget({ globals, env }: Pick<Shell, 'globals' | 'env'>): Promise<Target> {
  return toTarget(await named(locate(toWanted(globals), env)));
}

/** The gateway on a port of this machine, with the credentials of this machine. @throws GatewayError bad usage. */
export async function findTargetOnPort(
  { globals, env }: Pick<Shell, 'globals' | 'env'>,
  port: number,
): Promise<Target> {
  const { token, password, tlsFingerprint } = toWanted(globals);
  const { OPENCLAW_GATEWAY_URL: _, ...rest } = env;
  const local = { ...rest, OPENCLAW_GATEWAY_PORT: String(port) };
  return { ...toTarget(await named(locate({ token, password, tlsFingerprint }, local))), from: '--port' };
}

/** A look at a target, as long as `--timeout` lets it take. @throws GatewayError bad usage. */
export function probeTarget(
  { url, credentials, tlsFingerprint }: Target,
  { globals }: Pick<Shell, 'globals'>,
): Promise<Probe> {
  return probeGateway({ url, credentials, tlsFingerprint, timeoutMs: toTimeoutMs(globals) ?? patienceMs });
}

/** A `--url` as a WebSocket address. @throws GatewayError bad usage. */
export function readUrl(url: string): string {
  try {
    hideThoseIn(url);
    return toSocketUrl(url);
  } catch (error) {
    throw misuse(`--url ${findGatewayError(error)?.message ?? url}`);
  }
}

// --- internal ---

type Located = Awaited<ReturnType<typeof locate>>;

/** What was typed is no address: that is about the command line. */
async function named(finding: Promise<Located>): Promise<Located> {
  return finding.catch((error) => {
    const known = findGatewayError(error);
    throw known?.code === 'INVALID_REQUEST' && known.details?.code !== 'INSECURE_URL' ? misuse(known.message) : error;
  });
}

function toTarget({ url, urlFrom, token, password, credentialFrom, tlsFingerprint, hint }: Located): Target {
  hideThoseIn(url);
  const has = token !== undefined || password !== undefined;
  return {
    url,
    from: inFlags(urlFrom),
    credentials: { token, password },
    credentialFrom: has && credentialFrom ? inFlags(credentialFrom) : undefined,
    tlsFingerprint,
    hint,
  };
}
