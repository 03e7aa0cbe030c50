import type { ServerResponse } from 'node:http';
import { findGatewayError, GatewayError } from '../../../sdk/protocol/errors.ts';
import { toFilePart } from '../../media/attachments.ts';
import type { Intake, Media, Sent } from '../../media/media.ts';
import { findMediaReason } from '../../media/refusal.ts';
import type { MediaSettings } from '../../media/settings.ts';
import type { UserPart } from '../../models/provider.ts';
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
  const caller = followCaller(res);
  const intake = media.open(settings, caller.signal);
  try {
    const read = parts.map(async (part) => [part.param, await readPart(intake, part)] as const);
    return new Map(await Promise.all(read));
  } finally {
    intake.close();
    caller.stop();
  }
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

function followCaller(res: ServerResponse): { signal: AbortSignal; stop(): void } {
  const going = new AbortController();
  const leave = () => going.abort(new GatewayError('CANCELLED', 'the caller went away while its files were read'));
  if (res.destroyed) leave();
  res.once('close', leave);
  return { signal: going.signal, stop: () => res.off('close', leave) };
}
