/** Shorter secrets are left alone: they would match everywhere. */
export const shortestSecret = 4;

/** A form of a secret in base64 that is shorter would match by chance. */
const shortestCode = 10;

/**
 * How a secret may be written: as it is, in URLs and forms, in JSON and in JSON within JSON, and in base64, also as a part
 * of something longer such as `user:password`. Longest first.
 */
export function formsOf(secret: string): string[] {
  if (secret.length < shortestSecret) return [];
  const url = toUrl(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = [
    secret,
    url,
    url.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase()),
    url.replaceAll('%20', '+'),
    new URLSearchParams([['', secret]]).toString().slice(1),
    json,
    JSON.stringify(json).slice(1, -1),
    ...codesOf(secret).filter((code) => code.length >= shortestCode),
  ];
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

// --- internal ---

/** Half a surrogate pair has no form in a URL. */
function toUrl(secret: string): string {
  return encodeURIComponent(secret.toWellFormed());
}

/** The characters of base64 that depend on the secret alone, for each of the three places where it may begin. */
function codesOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const code = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const own = code.slice(from, to);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
