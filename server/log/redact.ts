import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Hides secrets in texts. */
export interface Redactor {
  /** The text with every known secret and every credential-like part masked. */
  text(value: string): string;
  /** Adds a secret that became known after the start. */
  learn(secret: string): void;
}

export interface RedactorOptions {
  /** Secrets by their value; those under four characters are left alone, because they would match everywhere. */
  secrets?: readonly string[] | undefined;
  /** Regular expressions, plain or as `/source/flags`: the last group that matched is masked, without groups the whole match. */
  patterns?: readonly string[] | undefined;
}

/**
 * Makes a redactor for known secrets and common shapes of credentials.
 * @throws GatewayError INVALID_CONFIG for a pattern that is no regular expression.
 */
export function createRedactor({ secrets = [], patterns = [] }: RedactorOptions = {}): Redactor {
  const known = new Set<string>();
  const learn = (secret: string) => {
    if (secret.length < shortestSecret) return;
    // Longest first, so that a secret which contains another one is masked as a whole.
    const forms = new Set([...known, secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
    known.clear();
    for (const form of [...forms].sort((a, b) => b.length - a.length)) known.add(form);
  };
  for (const secret of secrets) learn(secret);
  const all = [...credentialShapes, ...patterns.map(toPattern)];

  return {
    learn,
    text(value) {
      let text = value;
      for (const secret of known) if (text.includes(secret)) text = text.replaceAll(secret, () => maskSecret(secret));
      for (const pattern of all) text = text.replace(pattern, maskMatch);
      return text;
    },
  };
}

/** First six and last four characters of a secret of 18 or more; nothing of a shorter one. */
export function maskSecret(secret: string): string {
  return secret.length < 18 ? '***' : `${secret.slice(0, 6)}…${secret.slice(-4)}`;
}

const shortestSecret = 4;

/** Each masks its last group, or all of it when it has none. None can take more than linear time. */
const credentialShapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----\s*([A-Za-z0-9+/=\\][A-Za-z0-9+/=\s\\]*)-----END/g,
  /\b(?:Bearer|Basic)\s+([\w.~+/=-]{8,})/gi,
  // name=value, name: value, "name": "value", in settings, headers, URLs and JSON; where a token is kept is no secret.
  /(?:api[-_]?key|token|secret|password|passwd|passphrase|authorization)["']?\s{0,4}[:=]\s{0,4}["']?(?!(?:Bearer|Basic)\s|~?\/[\w.-]+\/)([^\s"',;&}\])]{6,})/gi,
  /\/\/[^\s/:@]{0,100}:([^\s/@]{1,200})@/g,
  /\b(?:sk|rk|pk|gsk|xai|hf|nvapi|r8|pplx|npm|glpat|tvly)[-_][\w-]{12,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_\w{16,}/g,
  /\bxox[a-z]-[\w-]{10,}|\bxapp-[\w-]{10,}/g,
  /\bAIza[\w-]{30,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g,
  /\b\d{6,12}:[\w-]{30,}/g,
];

function maskMatch(match: string, ...rest: unknown[]): string {
  // After the groups come the offset, a number, and the text.
  const groups = rest.slice(
    0,
    rest.findIndex((part) => typeof part === 'number'),
  );
  const group = groups.findLast((part) => typeof part === 'string' && part !== '');
  if (typeof group !== 'string') return maskSecret(match);
  const at = match.lastIndexOf(group);
  return `${match.slice(0, at)}${maskSecret(group)}${match.slice(at + group.length)}`;
}

function toPattern(source: string): RegExp {
  const [, body = source, flags = 'i'] = /^\/(.+)\/([a-z]*)$/.exec(source) ?? [];
  try {
    return new RegExp(body, [...new Set(`${flags}g`)].join(''));
  } catch (error) {
    throw new GatewayError(
      'INVALID_CONFIG',
      `logging.redactPatterns: "${source}" is no regular expression: correct it`,
      {
        cause: error,
        details: { path: 'logging.redactPatterns' },
      },
    );
  }
}
