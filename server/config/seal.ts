import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Closes texts so that whoever has only the database, in a backup for example, cannot read them. */
export interface Seal {
  close(text: string): string;
  /** Undefined for what was closed with another secret, or changed since. */
  open(sealed: string): string | undefined;
}

const prefix = 'sealed:v1:';
const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** @param secret of this gateway, kept apart from the database. @param purpose the same secret closes nothing else with it. */
export function createSeal(secret: string, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  return {
    close(text) {
      const nonce = randomBytes(nonceBytes);
      const closing = createCipheriv(cipher, key, nonce);
      const body = Buffer.concat([closing.update(text, 'utf8'), closing.final()]);
      return prefix + Buffer.concat([nonce, closing.getAuthTag(), body]).toString('base64url');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed.slice(prefix.length), 'base64url');
      if (!sealed.startsWith(prefix) || bytes.length < nonceBytes + tagBytes) return undefined;
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      opening.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]).toString('utf8');
      } catch {
        // The only way node:crypto has of saying that the key or the content is another one.
        return undefined;
      }
    },
  };
}
