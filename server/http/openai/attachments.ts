import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import { toFilePart } from '../../media/attachments.ts';
import type { Intake, Media, Sent } from '../../media/media.ts';
import { findMediaReason } from '../../media/refusal.ts';
import type { MediaSettings } from '../../media/settings.ts';
import type { UserPart } from '../../models/provider.ts';
import { whileCallerWaits } from '../caller-gone.ts';
import { refuse } from '../failure.ts';
import type { Visit } from '../route.ts';

/** An image or a file of a body, and where it stands. */
export interface SentPart extends Sent {
  kind: 'image' | 'file';
  /** Of the part: `messages[0].content[1]`. */
  param: string;
  /** The member that carries it: `image_url.url`. */
  member: string;
}

/** What became of the images and files of a body, by the `param` of their parts. */
export type Attached = ReadonlyMap<string, UserPart>;

/** Images in one request, and files. */
const maxParts = 8;

/**
 * Reads the images and files of a body, several at a time, before a run starts. A caller that goes away ends it.
 * @throws GatewayError that leaves as 400 with `param` and a code, or as 503 when others are in the way.
 */
export async function readAttachments(
  { media, settings }: { media: Media; settings: MediaSettings },
  { res }: Pick<Visit, 'res'>,
  parts: readonly SentPart[],
): Promise<Attached> {
  if (parts.length === 0) return new Map();
  checkCount(parts);
  return whileCallerWaits(res, async (signal) => {
    const intake = media.open(settings, signal);
    try {
      const read = parts.map(async (part) => [part.param, await readPart(intake, part)] as const);
      return new Map(await Promise.all(read));
    } finally {
      intake.close();
    }
  });
}

/** The content of a file as OpenAI's API has it: a `data:` URL, or base64 by itself. */
export function toFileContent(content: string): Pick<Sent, 'url' | 'raw'> {
  return /^data:/i.test(content) ? { url: content } : { raw: { data: content, mimeType: '' } };
}

// --- internal ---

function checkCount(parts: readonly SentPart[]): void {
  const param = parts[0]?.param.split('[')[0] ?? null;
  for (const kind of ['image', 'file'] as const)
    if (parts.filter((part) => part.kind === kind).length > maxParts)
      throw refuse(400, `${param}: at most ${maxParts} ${kind}s in one request`, { param, code: `too_many_${kind}s` });
}

async function readPart(intake: Intake, part: SentPart): Promise<UserPart> {
  try {
    if (part.kind === 'file') return toFilePart(await intake.file(part));
    const { mimeType, data } = await intake.image(part);
    return { type: 'image', mimeType, data };
  } catch (error) {
    const code = findMediaReason(error);
    if (!code) throw error;
    const param = `${part.param}.${part.member}`;
    throw refuse(400, `${param}: ${findGatewayError(error)?.message}`, { param, code, cause: error });
  }
}
