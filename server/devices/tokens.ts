import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Whose token it is, and which one of those it has had. */
export interface TokenSubject {
  deviceId: string;
  role: string;
  /** Never used twice, whatever becomes of the device. */
  generation: number;
}

/** Derives secrets from the one that the gateway keeps, so that none of them has to be stored. */
export interface Mint {
  /** The token of a generation: 43 base64url characters, always the same. */
  token(subject: TokenSubject): string;
  /** True when one of the texts is that token. Takes the same time whichever it is. */
  matches(subject: TokenSubject, presented: readonly string[]): boolean;
  /** A name for whoever holds a secret, by which a client recognises what it kept for the same caller; tells nothing else. */
  recoveryScope(material: readonly string[]): string;
}

/** @param learn told each token that is given out, and each that turned out to be right. */
export function createMint(secret: string, learn: (token: string) => void = () => undefined): Mint {
  const derive = (purpose: string, fields: readonly (string | number)[]) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([purpose, ...fields]))
      .digest('base64url');
  const derived: Mint['token'] = ({ deviceId, role, generation }) =>
    derive('device-token', [deviceId, role, generation]);
  return {
    token(subject) {
      const token = derived(subject);
      learn(token);
      return token;
    },
    matches(subject, presented) {
      const token = derived(subject);
      const expected = toDigest(token);
      // All are compared, so that the time does not tell which one it was.
      const isMatch = presented.map((text) => timingSafeEqual(toDigest(text), expected)).includes(true);
      // Only those that are: of subjects that are made up there is no end.
      if (isMatch) learn(token);
      return isMatch;
    },
    recoveryScope: (material) => derive('recovery-scope', material),
  };
}

/** Digests have one length: comparing them tells nothing about the length of the token. */
function toDigest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
