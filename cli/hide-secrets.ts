import type { Globals } from './globals.ts';

/** Shorter ones may be words of an answer. */
const shortest = 8;

/**
 * Makes what hides the secrets that a command line was given: by `--token`, `--password`, in `--url`, and by the environment.
 * They may come back in a failure or in an answer, and both end up in logs and tickets.
 */
export function createHiding({ token, password, url }: Globals, env: NodeJS.ProcessEnv): (text: string) => string {
  const given = [token, password, env.OPENCLAW_GATEWAY_TOKEN, env.OPENCLAW_GATEWAY_PASSWORD];
  const secrets = [...given, ...secretsIn(url), ...secretsIn(env.OPENCLAW_GATEWAY_URL)];
  const forms = toForms(secrets);
  return (text) => [...forms, ...learned].reduce((hidden, form) => hidden.replaceAll(form, '***'), text);
}

/** Has what an address of the configuration holds hidden as well, from now on. */
export function hideThoseIn(url: string): void {
  for (const form of toForms(secretsIn(url))) learned.add(form);
}

/**
 * Hides in a line for people what stands in an address in place of a password, or under a name such as `token`: it may come from a
 * configuration, whose secrets nobody has read here.
 */
export function hideInAddresses(line: string): string {
  return line
    .replace(/(\/\/[^\s/:@]*):[^\s/@]+@/g, '$1:***@')
    .replace(/([?&][\w.-]*(?:key|token|secret|password|auth)[\w.-]*=)[^&#\s"']+/gi, '$1***');
}

// --- internal ---

/** A command line knows a few addresses. */
const learned = new Set<string>();

function toForms(secrets: readonly (string | undefined)[]): string[] {
  return secrets
    .flatMap((secret) => (secret && secret.length >= shortest ? formsOf(secret) : []))
    .sort((a, b) => b.length - a.length);
}

/** As it is, in an address, and in JSON. */
function formsOf(secret: string): string[] {
  return [...new Set([secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])];
}

/** The password of an address, and what is given under names such as `token`. */
function secretsIn(url: string | undefined): string[] {
  const parsed = url === undefined ? null : URL.parse(url);
  if (!parsed) return [];
  const named = [...parsed.searchParams].filter(([name]) => /key|token|secret|password|auth/i.test(name));
  return [...named.map(([, value]) => value), parsed.password, decode(parsed.password)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is a part of it
  }
}
