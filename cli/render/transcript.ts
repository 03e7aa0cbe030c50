import type { ChatMessage, ContentPart } from '../../sdk/protocol/message.ts';
import { oneLine, printable } from './text.ts';
import { ago } from './time.ts';
import type { Look } from './value.ts';

/** A conversation, oldest message first. */
export function renderTranscript(payload: unknown, look: Look): string | undefined {
  const page = payload as { messages?: ChatMessage[]; hasMore?: boolean; nextOffset?: number };
  if (!Array.isArray(page?.messages)) return undefined;
  if (page.messages.length === 0) return 'No messages.\n';
  const older = page.hasMore ? `${look.paint('dim', `Older messages: --offset ${page.nextOffset}`)}\n\n` : '';
  return older + page.messages.map((message) => renderMessage(message, look)).join('\n');
}

/** The log as its lines read on a console; lines that are no JSON stand as they are. */
export function renderLog(payload: unknown, look: Look): string | undefined {
  const lines = (payload as { lines?: string[] } | null)?.lines;
  if (!Array.isArray(lines)) return undefined;
  return lines.map((line) => `${renderLogLine(line, look)}\n`).join('');
}

// --- internal ---

function renderMessage(message: ChatMessage, { paint, now }: Look): string {
  const author = message.toolName ? `${message.role} ${message.toolName}` : message.role;
  const { kind } = message.__openclaw ?? {};
  // What was said elsewhere, or stands further up as well.
  const mark = kind === 'brought' || kind === 'copied' ? ` (${kind})` : '';
  const head = `${paint('bold', oneLine(author))} ${paint('dim', `${ago(message.timestamp, now)}${mark}`)}`;
  const texts = message.content.map(renderPart).filter((text) => text !== '');
  const failure = message.errorMessage ? [paint('red', printable(message.errorMessage))] : [];
  return `${[head, ...texts, ...failure].join('\n')}\n`;
}

function renderPart(part: ContentPart): string {
  switch (part.type) {
    case 'text':
      return printable(part.text);
    case 'toolCall':
      return oneLine(`→ ${part.name} ${JSON.stringify(part.arguments)}`);
    case 'image':
      return `[${oneLine(part.mimeType)}]`;
    default:
      return '';
  }
}

const styleOfLevel: Record<string, 'red' | 'yellow' | 'dim'> = {
  ERROR: 'red',
  FATAL: 'red',
  WARN: 'yellow',
  DEBUG: 'dim',
};

function renderLogLine(line: string, { paint }: Look): string {
  const entry = readJson(line);
  if (!entry) return printable(line);
  const level = String(entry._meta?.logLevelName ?? '').toUpperCase();
  const subsystem = entry.subsystem ? `[${entry.subsystem}] ` : '';
  const text = oneLine(`${entry.time ?? ''} ${level} ${subsystem}${entry.message ?? ''}`);
  const style = styleOfLevel[level];
  return style ? paint(style, text) : text;
}

interface LogEntry {
  time?: string;
  subsystem?: string;
  message?: string;
  _meta?: { logLevelName?: string };
}

/** A log may hold lines of older versions: those are shown as text. */
function readJson(line: string): LogEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
