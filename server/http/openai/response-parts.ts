import { toReadPart } from '../../agent/attached-files.ts';
import type { ModelMessage, UserPart } from '../../models/provider.ts';
import { type Attached, type SentPart, toFileContent } from './attachments.ts';
import { textPart } from './conversation.ts';
import type { ResponseBody, ResponseBodyPart } from './response-body.ts';

/** The images and files of a body, to be read before its input is made. */
export function listResponseParts({ input }: ResponseBody): SentPart[] {
  if (typeof input === 'string') return [];
  return input.flatMap((item, at) => {
    if (item.type === 'function_call_output') return listParts(item.output, `input[${at}].output`);
    return 'role' in item && item.role === 'user' ? listParts(item.content, `input[${at}].content`) : [];
  });
}

/** A user's content as a model reads it. @param param where it stands. */
export function toUserParts(
  content: string | readonly ResponseBodyPart[],
  param: string,
  attached: Attached,
): UserPart[] {
  if (typeof content === 'string') return textPart(content);
  // A message without parts is an empty one, which a model still has to see.
  if (content.length === 0) return textPart('');
  return content.flatMap((part, index): UserPart[] => {
    if ('text' in part) return textPart(part.text);
    return 'refusal' in part ? textPart(part.refusal) : [attached.get(`${param}[${index}]`) ?? []].flat();
  });
}

/** What a tool has answered: its text, with files in it, and its images, which a result cannot carry by itself. */
export function toToolOutput(
  content: string | readonly ResponseBodyPart[],
  param: string,
  attached: Attached,
): { output: string; images: UserPart[] } {
  const parts = toUserParts(content, param, attached).map(toReadPart);
  const images = parts.filter((part) => part.type === 'image');
  const texts = parts.map((part) => (part.type === 'text' ? part.text : '[an image, which follows]'));
  return { output: texts.join('\n'), images };
}

/** Puts images of tools behind the results of their turn: providers want those right behind the calls. */
export function withToolImages(
  messages: readonly ModelMessage[],
  imagesOf: ReadonlyMap<ModelMessage, UserPart[]>,
): ModelMessage[] {
  const placed: ModelMessage[] = [];
  let waiting: UserPart[] = [];
  for (const [index, message] of messages.entries()) {
    const isUser = message.role === 'user';
    placed.push(isUser ? { ...message, content: [...waiting, ...message.content] } : message);
    if (isUser) waiting = [];
    const images = imagesOf.get(message) ?? [];
    if (message.role === 'tool' && images.length > 0)
      waiting.push({ type: 'text', text: `Images from the result of ${message.toolName}:` }, ...images);
    const next = messages[index + 1]?.role;
    if (waiting.length === 0 || next === 'tool' || next === 'user') continue;
    placed.push({ role: 'user', content: waiting });
    waiting = [];
  }
  return placed;
}

// --- internal ---

function listParts(content: string | readonly ResponseBodyPart[], place: string): SentPart[] {
  if (typeof content === 'string') return [];
  return content.flatMap((part, index): SentPart[] => {
    const param = `${place}[${index}]`;
    if (part.type === 'input_image') return [{ kind: 'image', param, ...toImageContent(part) }];
    return part.type === 'input_file' ? [{ kind: 'file', param, ...toFile(part) }] : [];
  });
}

type Part<T extends ResponseBodyPart['type']> = Extract<ResponseBodyPart, { type: T }>;

function toImageContent({ image_url, source }: Part<'input_image'>): Pick<SentPart, 'member' | 'url' | 'raw'> {
  if (image_url !== undefined) return { member: 'image_url', url: image_url };
  if (source?.type === 'url') return { member: 'source.url', url: source.url };
  return { member: 'source.data', raw: { data: source?.data ?? '', mimeType: source?.media_type ?? '' } };
}

function toFile({ file_data, file_url, source, filename }: Part<'input_file'>): Omit<SentPart, 'kind' | 'param'> {
  if (file_data !== undefined) return { member: 'file_data', name: filename, ...toFileContent(file_data) };
  if (file_url !== undefined) return { member: 'file_url', name: filename, url: file_url };
  const name = filename ?? source?.filename;
  if (source?.type === 'url') return { member: 'source.url', name, url: source.url };
  const { data = '', media_type: mimeType = '' } = source ?? {};
  return { member: 'source.data', name, raw: { data, mimeType } };
}
