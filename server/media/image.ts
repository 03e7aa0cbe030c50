import { refuseMedia } from './refusal.ts';

/** An image as models take it. */
export interface Image {
  /** What its bytes say, whatever its sender calls it. */
  mimeType: string;
  /** Base64. */
  data: string;
  byteLength: number;
}

/** What may be sent as an image. */
export interface ImageRules {
  allowedMimes: readonly string[];
  maxBytes: number;
}

/** An image whose kind its sender has told, or nobody. */
export interface SentImage {
  /** Empty when nobody said. */
  mimeType: string;
  base64: string;
  byteLength: number;
}

/** Kinds that models take. HEIC and the like would have to be converted, which needs programs of the machine. */
export const imageMimes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;

/** Checks that bytes are an image that models take, of a size that makes sense. @throws GatewayError with the reason. */
export async function readImage(sent: SentImage, { allowedMimes, maxBytes }: ImageRules): Promise<Image> {
  const taken = imageMimes.filter((mime) => allowedMimes.includes(mime));
  const only = `taken are ${taken.join(', ') || 'none, by the configuration'}`;
  const { mimeType: told, base64, byteLength } = sent;
  if (byteLength === 0) throw refuseMedia('empty_image_file', 'the image is empty');
  if (byteLength > maxBytes)
    throw refuseMedia('image_file_too_large', `the image has ${byteLength} bytes; at most ${maxBytes} are taken`);
  const isVague = told === '' || told === 'application/octet-stream' || told === 'binary/octet-stream';
  if (!isVague && !told.startsWith('image/'))
    throw refuseMedia('unsupported_image_media_type', `"${told.slice(0, 100)}" is no image; ${only}`);
  const head = Buffer.from(base64.slice(0, headChars), 'base64');
  const mimeType = sniff(head);
  if (!mimeType || !taken.includes(mimeType)) {
    const kind = mimeType ?? nameOf(head) ?? (isVague ? 'this' : told.slice(0, 100));
    const reason = mimeType || nameOf(head) ? 'unsupported_image_media_type' : 'invalid_image_format';
    const what =
      reason === 'invalid_image_format' ? `its bytes are not an image that is known` : `${kind} is not taken`;
    throw refuseMedia(reason, `${what}; ${only}`);
  }
  await checkDimensions({ base64, head, mimeType });
  return { mimeType, data: base64, byteLength };
}

// --- internal ---

/** Of base64, a multiple of four: what stands before the dimensions in all but a few images. */
const headChars = 4 * 64 * 1024;
const maxSidePixels = 32_767;
const maxPixels = 100_000_000;

function sniff(bytes: Buffer): (typeof imageMimes)[number] | undefined {
  if (bytes.subarray(0, 8).equals(pngSignature)) return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  const text = bytes.toString('latin1', 0, 16);
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  return text.startsWith('RIFF') && text.startsWith('WEBP', 8) ? 'image/webp' : undefined;
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** Kinds that people send and models do not take. */
function nameOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1', 0, 512);
  const brand = text.startsWith('ftyp', 4) ? text.slice(8, 12) : '';
  if (/^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) return 'image/heic';
  if (brand === 'avif' || brand === 'avis') return 'image/avif';
  if (text.startsWith('BM')) return 'image/bmp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'image/tiff';
  if (/^(?:\u00ef\u00bb\u00bf)?\s*<(?:\?xml|!DOCTYPE svg|svg)/i.test(text)) return 'image/svg+xml';
  return text.startsWith('%PDF-') ? 'application/pdf' : undefined;
}

async function checkDimensions({ base64, head, mimeType }: { base64: string; head: Buffer; mimeType: string }) {
  const { imageSize } = await import('image-size');
  const measure = (bytes: Buffer) => {
    try {
      return imageSize(bytes);
    } catch {
      // Damaged, or cut before the place where the dimensions stand.
      return undefined;
    }
  };
  const isWhole = base64.length <= headChars;
  const size = measure(head) ?? (isWhole ? undefined : measure(Buffer.from(base64, 'base64')));
  if (!size || !(size.width > 0) || !(size.height > 0))
    throw refuseMedia('image_parse_error', `the ${mimeType} image is damaged: its dimensions cannot be read`);
  const { width, height } = size;
  if (Math.max(width, height) > maxSidePixels || width * height > maxPixels)
    throw refuseMedia('image_too_large', `the image has ${width} by ${height} pixels; make it smaller`);
}
