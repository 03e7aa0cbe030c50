/** What a `data:` URL carries. */
export interface InlineUrl {
  /** In small letters, without parameters; empty when it does not say. */
  mimeType: string;
  charset: string | undefined;
  /** Standard base64 without white space. */
  base64: string;
  /** Of the content. */
  byteLength: number;
}

/**
 * Reads a `data:` URL (RFC 2397), as base64 or percent-encoded. Undefined when it is none, or when a character of it is wrong:
 * decoded all the same, something else than what was sent would reach the model.
 */
export function parseInlineUrl(url: string): InlineUrl | undefined {
  const comma = url.indexOf(',');
  if (!/^data:/i.test(url.slice(0, 5)) || comma < 0 || comma > maxHeadChars) return undefined;
  const [type = '', ...parameters] = url
    .slice(5, comma)
    .split(';')
    .map((part) => part.trim());
  const mimeType = type.toLowerCase();
  if (mimeType !== '' && !isMimeType(mimeType)) return undefined;
  const isBase64 = parameters.at(-1)?.toLowerCase() === 'base64';
  const body = url.slice(comma + 1);
  const base64 = isBase64 ? toStandardBase64(body) : percentDecode(body)?.toString('base64');
  return base64 === undefined ? undefined : { mimeType, charset: findCharset(parameters), ...measure(base64) };
}

/** Reads base64 by itself, as `source.data` has it. Undefined when a character of it is wrong. */
export function parseBase64(text: string): Pick<InlineUrl, 'base64' | 'byteLength'> | undefined {
  const base64 = toStandardBase64(text);
  return base64 === undefined ? undefined : measure(base64);
}

/** Splits a content type: `text/plain; charset=utf-8`. */
export function parseContentType(header: string): { mimeType: string; charset: string | undefined } {
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim());
  return { mimeType: type.toLowerCase(), charset: findCharset(parameters) };
}

// --- internal ---

const maxHeadChars = 1000;

const isMimeType = (text: string) => /^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/.test(text);

/** Also base64url, and lines as in mail. Without padding it is as good. */
function toStandardBase64(text: string): string | undefined {
  const packed = /\s/.test(text) ? text.replace(/[\r\n\t ]+/g, '') : text;
  const standard = /[-_]/.test(packed) ? packed.replaceAll('-', '+').replaceAll('_', '/') : packed;
  const bare = standard.endsWith('=') ? standard.slice(0, standard.endsWith('==') ? -2 : -1) : standard;
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) return undefined;
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
}

function measure(base64: string): Pick<InlineUrl, 'base64' | 'byteLength'> {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return { base64, byteLength: (base64.length / 4) * 3 - padding };
}

function percentDecode(text: string): Buffer | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  if (!text.includes('%')) return Buffer.from(text);
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.replaceAll('%', ''), 'hex') : Buffer.from(part))),
  );
}

function findCharset(parameters: readonly string[]): string | undefined {
  const found = parameters.find((parameter) => /^charset=/i.test(parameter));
  return found?.slice('charset='.length).replace(/^"|"$/g, '').toLowerCase() || undefined;
}
