import { createHash } from 'node:crypto';
import type { Wanted } from '../client/surroundings.ts';
import type { Environment } from './secret-input.ts';
import { type AddressKind, survey } from './survey.ts';

/** Which gateway would be asked, and with which credential; what `openclaw auth explain` tells. Holds no secret. */
export interface Explanation {
  url: string;
  /** For people: an option, a variable, a key in a file. */
  urlFrom: string;
  /** Whose word the address is: an option, `OPENCLAW_GATEWAY_URL`, `gateway.remote`, or this machine's gateway. */
  kind: AddressKind;
  /** SHA-256 of the certificate that the gateway must have; undefined when none is known, or it does not speak TLS. */
  tlsFingerprint?: string | undefined;
  tlsFingerprintFrom?: string | undefined;
  /** Every place where a credential may be, in the order in which they are asked. */
  credentials: ExplainedCredential[];
}

/** One place where a credential may be. */
export interface ExplainedCredential {
  kind: 'token' | 'password';
  /** For people: an option, a variable, a key in a file, a file. */
  source: string;
  /** `chosen` is sent; `passed-over` is there and is not; `unreadable` is named, and could not be read. */
  state: 'chosen' | 'passed-over' | 'unreadable' | 'absent';
  /** Why it is in that state. */
  why: string;
  /** The first 8 hexadecimal digits of its SHA-256; undefined when there is no value. */
  fingerprint?: string | undefined;
}

/**
 * Tells what {@link locate} would choose, and why. Asks no gateway.
 * @throws GatewayError INVALID_REQUEST for an address that is none.
 */
export async function explainGateway(wanted: Wanted, env: Environment): Promise<Explanation> {
  const { url, urlFrom, kind, pin, candidates } = await survey(wanted, env);
  return {
    url,
    urlFrom,
    kind,
    ...(url.startsWith('wss:') && pin),
    credentials: candidates.map(({ kind, source, value, fault, chosen, why }) => ({
      kind,
      source,
      state: chosen ? 'chosen' : value !== undefined ? 'passed-over' : fault !== undefined ? 'unreadable' : 'absent',
      why,
      ...(value !== undefined && { fingerprint: toSecretFingerprint(value) }),
    })),
  };
}

/** The first 8 hexadecimal digits of a secret's SHA-256: enough to tell two apart, not enough to guess one. */
function toSecretFingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
