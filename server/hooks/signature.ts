import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isPlainObject } from '../config/key-path.ts';

/** How a sender proves that it knows a secret, without sending it. */
export type SignatureScheme = 'github' | 'stripe' | 'slack' | 'standard-webhooks';

/** What a sender signed, as it came. */
export interface SignedRequest {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
  /** What the body says, for ids that stand in it; undefined when it cannot be read. */
  payload: unknown;
}

export interface SignatureCheck {
  scheme: SignatureScheme;
  /** Of the standard scheme: `whsec_` and base64; of the others any text. */
  secret: string;
  toleranceMs: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A sender that is known, with what tells this delivery from others; or what is wrong. */
export type Signed = { deliveries: string[]; fault?: undefined } | { deliveries?: undefined; fault: string };

/**
 * Checks a signature over the raw bytes, in constant time. A secret that is being changed may sign beside the new one where
 * the scheme has room for several signatures. Written with node:crypto: each scheme is one HMAC, and the libraries of the
 * senders read the clock themselves, fix the window, or parse the body once more.
 * @returns deliveries: what a repetition has in common with the first, any one of them.
 */
export function checkSignature(request: SignedRequest, check: SignatureCheck): Signed {
  return schemes[check.scheme].check(request, check);
}

/** True for a request that brings what the scheme signs with, right or wrong. */
export function bringsSignature(headers: SignedRequest['headers'], scheme: SignatureScheme): boolean {
  return schemes[scheme].headers.some((name) => headers[name] !== undefined);
}

// --- internal ---

interface Scheme {
  /** Any of them shows that somebody means to sign. */
  headers: readonly string[];
  check(request: SignedRequest, check: SignatureCheck): Signed;
}

const schemes: Record<SignatureScheme, Scheme> = {
  /** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
  github: {
    headers: ['x-hub-signature-256'],
    check({ headers, body }, { secret }) {
      const given = headers['x-hub-signature-256'];
      if (!given) return missing('X-Hub-Signature-256');
      const expected = `sha256=${hmac(secret, [body]).toString('hex')}`;
      if (!isSame(given.trim(), expected)) return wrong;
      const id = headers['x-github-delivery']?.trim();
      // The id is not signed: who repeats a request could make one up, but not another signature.
      return { deliveries: [expected, ...(id ? [`id ${id}`] : [])] };
    },
  },
  /** https://docs.stripe.com/webhooks/signature */
  stripe: {
    headers: ['stripe-signature'],
    check({ headers, body, payload }, check) {
      const given = headers['stripe-signature'];
      if (!given) return missing('Stripe-Signature');
      const members = given.split(',').map((member) => member.trim().split('=', 2));
      const stamp = members.find(([name]) => name === 't')?.[1] ?? '';
      const expected = hmac(check.secret, [`${stamp}.`, body]).toString('hex');
      if (!anySame(valuesOf(members, 'v1'), expected)) return wrong;
      return refuseAge(stamp, check) ?? { deliveries: [idOf(payload, 'id') ?? expected] };
    },
  },
  /** https://docs.slack.dev/authentication/verifying-requests-from-slack */
  slack: {
    headers: ['x-slack-signature'],
    check({ headers, body, payload }, check) {
      const given = headers['x-slack-signature'];
      if (!given) return missing('X-Slack-Signature');
      const stamp = headers['x-slack-request-timestamp']?.trim() ?? '';
      const expected = `v0=${hmac(check.secret, [`v0:${stamp}:`, body]).toString('hex')}`;
      if (!isSame(given.trim(), expected)) return wrong;
      return refuseAge(stamp, check) ?? { deliveries: [idOf(payload, 'event_id') ?? expected] };
    },
  },
  /** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
  'standard-webhooks': {
    headers: ['webhook-signature', 'svix-signature'],
    check({ headers, body }, check) {
      const prefix = headers['webhook-signature'] === undefined ? 'svix' : 'webhook';
      const read = (name: string) => headers[`${prefix}-${name}`]?.trim() ?? '';
      const [id, stamp, given] = [read('id'), read('timestamp'), read('signature')];
      if (!id || !stamp || !given) return missing('webhook-id, webhook-timestamp or webhook-signature');
      const key = Buffer.from(check.secret.replace(/^whsec_/, ''), 'base64');
      const expected = hmac(key, [`${id}.${stamp}.`, body]).toString('base64');
      const members = given.split(/\s+/).map((member) => member.split(',', 2));
      if (!anySame(valuesOf(members, 'v1'), expected)) return wrong;
      return refuseAge(stamp, check) ?? { deliveries: [`id ${id}`] };
    },
  },
};

const wrong: Signed = { fault: 'the signature is wrong: compare the secret here with the one at the sender' };
const missing = (names: string): Signed => ({ fault: `the request is not signed: ${names} is missing` });

function hmac(secret: string | Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const sum = createHmac('sha256', secret);
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/** Signatures that are looked at of one request: a sender that changes its secret has two. */
const maxSignatures = 8;

function valuesOf(members: readonly string[][], version: string): string[] {
  return members.flatMap(([name, value]) => (name === version && value ? [value] : [])).slice(0, maxSignatures);
}

/** Compares with each, so that the time does not tell which one was right. */
function anySame(given: readonly string[], expected: string): boolean {
  return given.map((one) => isSame(one, expected)).includes(true);
}

/** Compares digests, which have the same length whatever was given. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function refuseAge(stamp: string, { toleranceMs, now }: SignatureCheck): Signed | undefined {
  const at = /^\d{1,12}$/.test(stamp) ? Number(stamp) * 1000 : Number.NaN;
  if (Math.abs(now - at) <= toleranceMs) return undefined;
  const fault = `the signature is not of the last ${toleranceMs / 1000} seconds: send it anew, and compare the clocks`;
  return { fault };
}

/** The sender's own name for what it tells, which stays the same when it tells it again. */
function idOf(payload: unknown, name: string): string | undefined {
  const id = isPlainObject(payload) ? payload[name] : undefined;
  return typeof id === 'string' && id !== '' && id.length <= 256 ? `id ${id}` : undefined;
}
