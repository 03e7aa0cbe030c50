import { extname } from 'node:path';
import type { AgentIdentity } from '../../sdk/protocol/agents.ts';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import type { ConfinedFolder } from './confined.ts';

/** The members of an identity that `IDENTITY.md` can say, one a line: `- Name: Quill`, `**Emoji:** 🖋`. */
export type WrittenIdentity = Pick<AgentIdentity, 'name' | 'emoji' | 'avatar'>;

const members = ['name', 'emoji', 'avatar'] as const;
/** Characters of a name or an avatar; a data URL may be longer. */
const maxChars = 300;

/** Reads what an `IDENTITY.md` says; blanks that nobody filled in say nothing. */
export function readIdentity(text: string): WrittenIdentity {
  const found = members.flatMap((member) => {
    const value =
      lineOf(member)
        .exec(text)?.[2]
        ?.replaceAll(/^[\s*_`]+|[\s*_`]+$/g, '') ?? '';
    const isBlank = value === '' || value.length > maxChars || /^[([{<]/.test(value);
    return isBlank ? [] : [[member, value]];
  });
  return Object.fromEntries(found);
}

/** An `IDENTITY.md` with other members; the rest of the text stays as it is. */
export function writeIdentity(text: string, identity: WrittenIdentity): string {
  return members.reduce((written, member) => {
    const value = identity[member];
    if (value === undefined) return written;
    const line = `- ${member[0]?.toUpperCase()}${member.slice(1)}: ${value.replaceAll(/\s+/g, ' ').trim()}`;
    if (lineOf(member).test(written)) return written.replace(lineOf(member), () => line);
    return `${written.trimEnd()}\n${line}\n`;
  }, text);
}

/** How an avatar can be shown. */
export interface Avatar {
  /** An address or a data URL. */
  avatar?: string;
  /** What the identity names. */
  avatarSource?: string;
  avatarStatus: 'none' | 'local' | 'remote' | 'data';
  /** Why there is none. */
  avatarReason?: string;
}

/** Bytes of a picture in the workspace that is sent along. */
const maxPictureBytes = 512 * 1024;
const pictures: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

/** An avatar as clients can show it: a picture of the workspace becomes a data URL. */
export async function resolveAvatar(source: string | undefined, folder: ConfinedFolder): Promise<Avatar> {
  if (source === undefined || source === '') return { avatarStatus: 'none', avatarReason: 'no avatar is set' };
  const none = (avatarReason: string): Avatar => ({
    avatarSource: source.slice(0, maxChars),
    avatarStatus: 'none',
    avatarReason,
  });
  if (/^data:image\//i.test(source))
    return source.length > 2 * maxPictureBytes ? none('it is too large') : { avatar: source, avatarStatus: 'data' };
  if (/^https?:\/\//i.test(source)) return { avatar: source, avatarSource: source, avatarStatus: 'remote' };
  const type = pictures[extname(source).toLowerCase()];
  if (!type) return none(`it is no picture: use an address, or a file (${Object.keys(pictures).join(', ')})`);
  try {
    const file = await folder.read(source);
    if (!file) return none('there is no such file in the workspace');
    if (file.size > maxPictureBytes) return none(`it may have ${maxPictureBytes} bytes, it has ${file.size}`);
    const avatar = `data:${type};base64,${file.bytes.toString('base64')}`;
    return { avatar, avatarSource: source, avatarStatus: 'local' };
  } catch (error) {
    // Whoever asks who an agent is wants an answer also when its picture is out of bounds.
    if (isGatewayError(error)) return none(error.message);
    throw error;
  }
}

/** The line that says a member: with or without a bullet, with or without emphasis. */
function lineOf(member: string): RegExp {
  return new RegExp(`^([ \\t]*(?:[-*][ \\t]+)?(?:\\*\\*|__)?${member}(?:\\*\\*|__)?:)(.*)$`, 'im');
}
