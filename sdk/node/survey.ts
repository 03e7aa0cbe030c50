import { toSocketUrl, type Wanted } from '../client/surroundings.ts';
import {
  type Address,
  defaultPort,
  type Pin,
  type Place,
  readConfigured,
  readEnvironment,
  readRunning,
  readTokenFile,
  type Secret,
} from './places.ts';
import type { Environment } from './secret-input.ts';
import { findStateDir } from './state-dir.ts';

/** What decides which secrets may be sent: whose word the address is. */
export type AddressKind = 'given' | 'environment' | 'remote' | 'local';

/** A place that was looked at, and why its secret is or is not the one that is sent. */
export interface Candidate extends Secret {
  chosen: boolean;
  /** For people. */
  why: string;
}

/** Everything that is known of a gateway before it is asked. */
export interface Survey extends Address {
  kind: AddressKind;
  /** True when nothing but the default names the address. */
  isGuess: boolean;
  pin: Pin | undefined;
  /** In the order in which they are asked. */
  candidates: Candidate[];
}

/**
 * Looks at every place that may name a gateway: what the application gave, the environment, a remote gateway that the
 * configuration names, the file that a running gateway keeps in the state directory, the configured port, the default port.
 * A secret of this machine goes only to the gateway of this state directory: a loopback address that somebody named may as
 * well be a tunnel to another machine.
 */
export async function survey(wanted: Wanted, env: Environment): Promise<Survey> {
  const stateDir = findStateDir(env);
  const environment = readEnvironment(env);
  const running = await readRunning(stateDir);
  const { own, remote, isRemote } = await readConfigured(stateDir, env);
  const places = {
    given: toGiven(wanted),
    environment,
    remote,
    running,
    own,
    tokenFile: await readTokenFile(stateDir),
  };
  const found = toAddress({ wanted, environment, running, own, remote: isRemote ? remote : undefined, env });
  const isHere = isSameDoor(found, running.address);
  return {
    ...found,
    pin: places.given.pin ?? environment.pin ?? toKnownPin(found, { isHere, places }),
    candidates: judge(places, toExclusions({ ...found, isHere, isRemote, wanted })),
  };
}

/** True for an address of this machine. */
export function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

// --- internal ---

const placeNames = ['given', 'environment', 'remote', 'running', 'own', 'tokenFile'] as const;
type PlaceName = (typeof placeNames)[number];
type Places = Record<PlaceName, Place>;
type Found = Address & { kind: AddressKind; isGuess: boolean };

function toGiven({ url, token, password, tlsFingerprint }: Wanted): Place {
  // What is given with an url is an option each; without one, they have always been told together.
  const source = (name: string) => (url === undefined ? 'the options of new OpenClaw()' : `the option ${name}`);
  return {
    secrets: [
      { kind: 'token', source: source('token'), value: token },
      { kind: 'password', source: source('password'), value: password },
    ],
    pin: tlsFingerprint ? { tlsFingerprint, tlsFingerprintFrom: 'the option tlsFingerprint' } : undefined,
  };
}

interface Addressing extends Pick<Places, 'running' | 'own'> {
  wanted: Wanted;
  environment: ReturnType<typeof readEnvironment>;
  remote: Place | undefined;
  env: Environment;
}

function toAddress({ wanted, environment, running, own, remote, env }: Addressing): Found {
  if (wanted.url !== undefined)
    return { url: toSocketUrl(wanted.url), urlFrom: 'the option url', kind: 'given', isGuess: false };
  if (environment.address) {
    // Only the port is named: what listens there speaks as the gateway of this state directory does.
    const url = environment.isUrl ? environment.address.url : asThere(environment.address.url, running, own);
    return { ...environment.address, url, kind: environment.isUrl ? 'environment' : 'local', isGuess: false };
  }
  if (remote?.address) return { ...remote.address, kind: 'remote', isGuess: false };
  if (running.address) return { ...running.address, kind: 'local', isGuess: false };
  const fallback = { url: `ws://127.0.0.1:${defaultPort(env)}`, urlFrom: 'the default port' };
  return { ...(own.address ?? fallback), kind: 'local', isGuess: true };
}

function asThere(url: string, running: Place, own: Place): string {
  const known = running.address ?? own.address;
  return known?.url.startsWith('wss:') ? url.replace(/^ws:/, 'wss:') : url;
}

/** True for two spellings of one port of this machine. */
function isSameDoor({ url }: Address, other: Address | undefined): boolean {
  if (!other || !isLoopback(url) || !isLoopback(other.url)) return false;
  return new URL(url).port === new URL(other.url).port;
}

/** A pin that is known belongs to one address. */
function toKnownPin({ url, kind }: Found, { isHere, places }: { isHere: boolean; places: Places }): Pin | undefined {
  const { remote, running, own } = places;
  if (remote.address?.url === url && remote.pin) return remote.pin;
  if (isHere) return running.pin;
  return kind === 'local' && isLoopback(url) ? (running.pin ?? own.pin) : undefined;
}

type Exclusions = Partial<Record<PlaceName, string>>;

interface Claim extends Found {
  /** True when the gateway of this state directory listens at the address. */
  isHere: boolean;
  isRemote: boolean;
  wanted: Wanted;
}

/** The places whose secrets are not for the address, and why. */
function toExclusions({ kind, urlFrom, url, isHere, isRemote, wanted }: Claim): Exclusions {
  const notHere = `${urlFrom} names the gateway, and this secret is of the one that runs here`;
  const mayBorrow = isHere && wanted.findCredentials !== false;
  const ofHere = mayBorrow ? {} : { running: notHere, tokenFile: notHere };
  const ofRemote = 'it is of the gateway in gateway.remote.url, which is not the one that is asked';
  const named = `${urlFrom} names the gateway: nothing is borrowed for it`;
  if (kind === 'given') return { environment: named, remote: ofRemote, own: named, ...ofHere };
  if (kind === 'environment') return { remote: ofRemote, own: named, ...ofHere };
  const elsewhere = 'it is of the gateway here, and the one that is asked is another';
  if (kind === 'remote') return { running: elsewhere, own: elsewhere, tokenFile: elsewhere };
  if (!isLoopback(url)) return { remote: ofRemote, running: elsewhere, own: elsewhere, tokenFile: elsewhere };
  return { remote: ofRemote, ...(isRemote && { own: elsewhere }) };
}

/** A remote gateway's own secret is surer than what the environment happens to hold. */
const orderOf = (exclusions: Exclusions): readonly PlaceName[] =>
  exclusions.remote === undefined ? ['given', 'remote', 'environment', 'running', 'own', 'tokenFile'] : placeNames;

/** Chooses the secrets of the first place that has any. One that is written but cannot be read is replaced by none. */
function judge(places: Places, exclusions: Exclusions): Candidate[] {
  let decided: string | undefined;
  return orderOf(exclusions).flatMap((name) => {
    const { secrets } = places[name];
    const excluded = exclusions[name];
    const isUsable = excluded === undefined && decided === undefined;
    const judged = secrets.map((secret) => ({ ...secret, ...toVerdict(secret, { excluded, decided }) }));
    const first = secrets.find(({ value, fault }) => value !== undefined || fault !== undefined);
    if (isUsable && first)
      decided = judged.some(({ chosen }) => chosen)
        ? `${first.source} comes first`
        : `${first.source} is what is configured, and nothing else takes its place`;
    return judged;
  });
}

function toVerdict(
  { value, fault }: Secret,
  { excluded, decided }: { excluded: string | undefined; decided: string | undefined },
): Pick<Candidate, 'chosen' | 'why'> {
  if (value === undefined && fault === undefined) return { chosen: false, why: 'there is none' };
  const against = excluded ?? decided ?? fault;
  return against === undefined
    ? { chosen: true, why: 'it is the first that is there' }
    : { chosen: false, why: against };
}
