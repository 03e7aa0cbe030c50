/**
 * Words of the SDK, which speaks to programmers, for people at a command line: what it calls an option is a flag here.
 * @param credential the flag that holds the secret that is meant, where it is known.
 */
export function inFlags(words: string, credential = '--token or --password'): string {
  return wordings(credential).reduce((text, [pattern, flag]) => text.replace(pattern, flag), words);
}

// --- internal ---

const wordings = (credential: string): readonly [RegExp, string][] => [
  [/the options of new OpenClaw\(\)|the option token/g, credential],
  [/pass one to new OpenClaw\(\)/g, 'pass --token or --password'],
  [/the option (url|password)/g, '--$1'],
  [/the option tlsFingerprint/g, '--tls-fingerprint'],
  [/start one with `openclaw gateway`/g, 'start one with "openclaw gateway" ("npm start" in a checkout)'],
];
