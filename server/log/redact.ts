import { GatewayError } from '../../sdk/protocol/errors.ts';
import { formsOf } from './secret-forms.ts';

/** Hides secrets in texts. */
export interface Redactor {
  /** The text with every known secret and every credential-like part masked. */
  text(value: string): string;
  /** The text with every known secret of eight or more characters masked, and what only looks like one left as it is. */
  known(value: string): string;
  /** Adds a secret that became known after the start. */
  learn(secret: string): void;
  /** Takes other patterns in place of those of the start. @throws GatewayError INVALID_CONFIG as {@link createRedactor}. */
  expect(patterns: readonly string[]): void;
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
  const long = createMasks();
  const short = createMasks();
  const learn = (secret: string) => (secret.length < shortestOutside ? short : long).learn(secret);
  for (const secret of secrets) learn(secret);
  let shapes = [...credentialShapes, ...patterns.map(toPattern)];
  return {
    learn,
    known: long.hide,
    expect(more) {
      shapes = [...credentialShapes, ...more.map(toPattern)];
    },
    text(value) {
      let text = short.hide(long.hide(value));
      for (const shape of shapes) text = text.replace(shape, maskMatch);
      return text;
    },
  };
}

/** First six and last four characters of a secret of 18 or more; nothing of a shorter one. */
export function maskSecret(secret: string): string {
  return secret.length < 18 ? '***' : `${secret.slice(0, 6)}…${secret.slice(-4)}`;
}

/** Outside of the log, where texts are for programs as well, a shorter secret may be a word that means something else. */
const shortestOutside = 8;

/** The forms of secrets and what is shown in their place. */
function createMasks() {
  const masks = new Map<string, string>();
  /** All forms in one expression, so that a text is looked through once however many secrets there are. */
  let forms: RegExp | undefined;
  return {
    learn(secret: string) {
      if (masks.has(secret)) return;
      for (const form of formsOf(secret)) if (!masks.has(form)) masks.set(form, maskSecret(secret));
      forms = undefined;
    },
    hide(text: string): string {
      if (masks.size === 0) return text;
      forms ??= toForms(masks.keys());
      return text.replace(forms, (form) => masks.get(form) ?? '***');
    },
  };
}

/** Longest first, so that a secret which contains another one is masked as a whole. */
function toForms(forms: Iterable<string>): RegExp {
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
}

/** Each masks its last group, or all of it when it has none. None can take more than linear time. */
const credentialShapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----\s*([A-Za-z0-9+/=\\][A-Za-z0-9+/=\s\\]*)-----END/g,
  /\b(?:Bearer|Basic)\s+([\w.~+/=-]{8,})/gi,
  // name=value, name: value, "name": "value", in settings, headers, URLs and JSON; where a token is kept is no secret. An
  // escaped quote ends it: what was JSON stays JSON.
  /(?:api[-_]?key|token|secret|password|passwd|passphrase|authorization)["']?\s{0,4}[:=]\s{0,4}["']?(?!(?:Bearer|Basic)\s|~?\/[\w.-]+\/)((?:[^\s"',;&}\])\\]|\\[^\s"']){6,})/gi,
  /\/\/[^\s/:@]{0,100}:([^\s/@]{1,200})@/g,
  // Of a URL: parameters by names that say less, and what stands behind such a name in the path.
  /[?&](?:key|sig|signature|auth|code|credential|jwt|session|pw|pass)=((?:[^\s"'&#\\]|\\[^\s"']){6,})/gi,
  /\/(?:api[-_]?keys?|tokens?|secrets?|passwords?)\/(?=[\w.~%+=-]{0,80}\d)([\w.~%+=-]{16,})/gi,
  /\b(?:sk|rk|pk|gsk|xai|hf|nvapi|r8|pplx|npm|glpat|tvly)[-_][\w-]{12,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_\w{16,}/g,
  /\bxox[a-z]-[\w-]{10,}|\bxapp-[\w-]{10,}/g,
  /\bAIza[\w-]{30,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g,
  /(?:\b|bot)\d{6,12}:[\w-]{30,}/g,
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
