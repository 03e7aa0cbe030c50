import type { Located, Wanted } from '../client/surroundings.ts';
import { requireEncryption } from './cleartext.ts';
import type { Environment } from './secret-input.ts';
import { type Candidate, isLoopback, type Survey, survey } from './survey.ts';

const startHint = 'start one with `openclaw gateway`, or set OPENCLAW_GATEWAY_URL';
const checkHint = 'check that the gateway runs there and that the address is right';
const blockedHint = 'check that the gateway runs there and that nothing between blocks it';

/**
 * Finds the gateway and what opens its door, in the order of {@link survey}. Where nobody names a gateway, the one that was
 * there before is better than a guess.
 * @throws GatewayError INVALID_REQUEST for an address that is none, or that would send everything in the clear.
 */
export async function locate(wanted: Wanted, env: Environment, last?: Located): Promise<Located> {
  const found = await survey(wanted, env);
  if (found.isGuess && last) return last;
  requireEncryption(found, env);
  return {
    url: found.url,
    urlFrom: found.urlFrom,
    hint: toHint(found),
    ...toCredentials(found.candidates),
    ...(found.url.startsWith('wss:') && found.pin),
  };
}

// --- internal ---

function toHint({ kind, url, candidates }: Survey): string {
  const isOurs = candidates.some(({ chosen, source }) => chosen && !source.startsWith('the option'));
  if (kind === 'given') return isOurs ? startHint : blockedHint;
  return isLoopback(url) ? startHint : checkHint;
}

function toCredentials(candidates: readonly Candidate[]): Pick<Located, 'token' | 'password' | 'credentialFrom'> {
  const chosen = candidates.filter((candidate) => candidate.chosen);
  const [first] = chosen;
  if (!first) return {};
  const secrets = Object.fromEntries(chosen.map(({ kind, value }) => [kind, value]));
  return { ...secrets, credentialFrom: first.source };
}
