import { describe, expect, it } from 'vitest';
import { createMint } from '../../server/devices/tokens.ts';

const mint = createMint('a secret');
const subject = { deviceId: 'd', role: 'operator', generation: 7 };

describe('a device token', () => {
  it('is 43 characters of base64url, and always the same', () => {
    expect(mint.token(subject)).toMatch(/^[\w-]{43}$/);
    expect(createMint('a secret').token(subject)).toBe(mint.token(subject));
  });

  it.each([
    ['another device', { ...subject, deviceId: 'e' }],
    ['another role', { ...subject, role: 'node' }],
    ['another generation', { ...subject, generation: 8 }],
    ['fields that run together', { deviceId: 'do', role: 'perator', generation: 7 }],
  ])('is another one for %s', (_name, other) => {
    expect(mint.token(other)).not.toBe(mint.token(subject));
  });

  it('is another one under another secret', () => {
    expect(createMint('other').token(subject)).not.toBe(mint.token(subject));
  });

  it('is found among what is presented, and nothing else is', () => {
    expect(mint.matches(subject, ['x', mint.token(subject)])).toBe(true);
    expect(mint.matches(subject, ['x', '', mint.token(subject).slice(1)])).toBe(false);
    expect(mint.matches(subject, [])).toBe(false);
  });

  it('is no recovery scope, and tells nothing of one', () => {
    expect(mint.recoveryScope(['token', 'secret'])).toMatch(/^[\w-]{43}$/);
    expect(mint.recoveryScope(['d', 'operator'])).not.toBe(mint.token(subject));
    expect(mint.recoveryScope(['a', 'b'])).not.toBe(mint.recoveryScope(['ab', '']));
  });
});
