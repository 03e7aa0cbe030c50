import { GatewayError } from '../../sdk/protocol/errors.ts';
import { createDocuments, type Documents } from './documents.ts';
import { type FileText, readFileText } from './file-text.ts';
import { createGuardedFetch, type Fetched, FetchRefusal, type GuardedFetch } from './guarded-fetch.ts';
import { type Image, readImage } from './image.ts';
import { parseBase64, parseContentType, parseInlineUrl } from './inline-url.ts';
import { refuseMedia } from './refusal.ts';
import type { MediaSettings, RemoteRules } from './settings.ts';
import { createTurns, type Turns } from './turns.ts';

/** An image or a file as a request has it: one of the two. */
export interface Sent {
  /** `data:`, `http:` or `https:`. */
  url?: string | undefined;
  /** Base64 by itself. */
  raw?: { data: string; mimeType: string } | undefined;
  /** Of a file. */
  name?: string | undefined;
}

/** The images and files of one request. */
export interface Intake {
  /**
   * Waits while other requests hold too many bytes that they have fetched.
   * @throws GatewayError with the reason (refusal.ts), UNAVAILABLE when too many wait, or the reason of the signal.
   */
  image(sent: Sent): Promise<Image>;
  /** @throws as `image`. */
  file(sent: Sent): Promise<FileText>;
  /** Ends what is under way, and gives back the room it has taken. */
  close(): void;
}

/** Makes what models read out of images and files. */
export interface Media {
  /** Begins with a request, which ends with `signal`. */
  open(settings: MediaSettings, signal: AbortSignal): Intake;
  close(): Promise<void>;
}

export interface MediaOptions {
  fetch?: GuardedFetch | undefined;
  documents?: Documents | undefined;
}

/** Starts no thread and asks no address before somebody sends something. */
export function createMedia({ fetch = createGuardedFetch(), documents = createDocuments() }: MediaOptions = {}): Media {
  const turns = createTurns({ room: maxHeldBytes, maxWaiting: maxWaitingRequests });

  return {
    open: (settings, signal) => createIntake(settings, { fetch, documents, turns, caller: signal }),
    close: () => documents.close(),
  };
}

// --- internal ---

const busy = { retryable: true, retryAfterMs: 5000 };
/** Of remote images and files, over all requests. */
const maxHeldBytes = 120_000_000;
/** Of images and files in one request, decoded: as much as its body may have. */
const maxRequestBytes = 20_000_000;
const maxWaitingRequests = 64;
/** Addresses that one request asks at a time. */
const fetchesAtOnce = 4;

interface Parts {
  fetch: GuardedFetch;
  documents: Documents;
  /** Room for what requests fetch. */
  turns: Turns;
  caller: AbortSignal;
}

function createIntake(
  { images, files, maxUrlParts }: MediaSettings,
  { fetch, documents, turns, caller }: Parts,
): Intake {
  const ending = new AbortController();
  const signal = AbortSignal.any([caller, ending.signal]);
  const few = createTurns({ room: fetchesAtOnce, maxWaiting: Number.POSITIVE_INFINITY });
  let room = maxRequestBytes;
  let remotes = 0;
  let held: Promise<() => void> | undefined;

  /** All that a request may fetch is reserved at once: one that waited for more while it holds some could wait for ever. */
  const hold = async () => {
    const giveBack = await turns.wait(signal, maxRequestBytes);
    if (giveBack) return giveBack;
    throw new GatewayError('UNAVAILABLE', 'too many remote files are being fetched; try again', busy);
  };

  const spend = (bytes: number) => {
    room -= bytes;
    if (room < 0) throw new FetchRefusal('size', `together with the others it is larger than ${maxRequestBytes} bytes`);
  };

  const fetchRemote = async (
    url: string,
    rules: RemoteRules & { maxBytes: number; allowedMimes: readonly string[] },
  ) => {
    if (!rules.allowUrl)
      throw new FetchRefusal('address', `remote addresses are not fetched (${rules.key}.allowUrl); send a data: URL`);
    if (++remotes > maxUrlParts)
      throw new FetchRefusal('address', `at most ${maxUrlParts} remote addresses are fetched for one request`);
    held ??= hold();
    await held;
    const end = await few.wait(signal);
    try {
      return await fetch(url, { ...rules, accept: rules.allowedMimes, spend }, signal);
    } finally {
      end?.();
    }
  };

  return {
    async image({ url = '', raw }) {
      if (isRemote(url)) {
        const { bytes, contentType } = await translate('image', () => fetchRemote(url, images));
        const base64 = bytes.toString('base64');
        return readImage({ ...parseContentType(contentType), base64, byteLength: bytes.length }, images);
      }
      const inline = raw ? toInline(raw) : parseInlineUrl(url);
      if (!inline) throw refuseMedia(raw ? 'invalid_base64_image' : 'invalid_image_url', expectedImage);
      await translate('image', async () => spend(inline.byteLength));
      return readImage(inline, images);
    },
    async file({ url = '', raw, name }) {
      const fetched = isRemote(url) ? await translate('file', () => fetchRemote(url, files)) : undefined;
      const sent = fetched ?? toFile(raw ? toInline(raw) : parseInlineUrl(url));
      if (!fetched) await translate('file', async () => spend(sent.bytes.length));
      const file = { ...sent, name: toName(name) ?? toName(fetched?.fileName) };
      return readFileText(file, files, { documents, signal });
    },
    close() {
      ending.abort(new GatewayError('CANCELLED', 'the request is over'));
      held?.then((giveBack) => giveBack()).catch(() => undefined);
    },
  };
}

const isRemote = (url: string) => /^\s*https?:/i.test(url);

const expectedImage = 'expected data:image/<png|jpeg|webp|gif>;base64,<data>';

function toInline({ data, mimeType }: { data: string; mimeType: string }) {
  const parsed = parseBase64(data);
  return parsed && { ...parsed, ...parseContentType(mimeType) };
}

function toFile(
  inline: ReturnType<typeof parseInlineUrl> | ReturnType<typeof toInline>,
): Pick<Fetched, 'bytes' | 'contentType'> {
  if (!inline) throw refuseMedia('invalid_file', 'expected data:<media type>;base64,<data>');
  const { mimeType, charset, base64 } = inline;
  const bytes = Buffer.from(base64, 'base64');
  return { bytes, contentType: charset ? `${mimeType};charset=${charset}` : mimeType };
}

/** A name for people and models: one line, without folders. */
function toName(name: string | undefined): string | undefined {
  const last = name
    ?.toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .split(/[/\\]/)
    .at(-1)
    ?.trim();
  return last ? last.slice(-maxNameChars).toWellFormed() : undefined;
}

const maxNameChars = 200;

/** Says what could not be had of which kind. */
async function translate<T>(what: 'image' | 'file', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FetchRefusal)) throw error;
    const reasons = {
      address: `invalid_${what}_url`,
      size: what === 'image' ? 'image_file_too_large' : 'file_too_large',
      failed: `failed_to_download_${what}`,
    } as const;
    throw refuseMedia(reasons[error.kind], `the ${what} is not taken: ${error.message}`, error);
  }
}
