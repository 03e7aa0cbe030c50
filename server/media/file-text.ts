import type { DocumentFault, DocumentOutcome, Documents } from './documents.ts';
import { parseContentType } from './inline-url.ts';
import { decodeText } from './plain-text.ts';
import { refuseMedia } from './refusal.ts';

/** What may be sent as a file, and how much of it models read. */
export interface FileRules {
  allowedMimes: readonly string[];
  maxBytes: number;
  maxChars: number;
  pdf: {
    maxPages: number;
    /** Characters below which a model is told that pages may be pictures. */
    minTextChars: number;
  };
  /** The object of the configuration that says so, for messages. */
  key: string;
}

/** A file as it came. */
export interface SentFile {
  /** As its sender says; may be empty. */
  contentType: string;
  name: string | undefined;
  bytes: Buffer;
}

/** A file as models read it. */
export interface FileText {
  name: string;
  mimeType: string;
  content: string;
}

/** Reads a file as text. @throws GatewayError with the reason; the reason of `signal` when that fires. */
export async function readFileText(
  { contentType, name, bytes }: SentFile,
  rules: FileRules,
  { documents, signal }: { documents: Documents; signal: AbortSignal },
): Promise<FileText> {
  const { mimeType: told, charset } = parseContentType(contentType);
  const called = name ? `"${name}"` : 'the file';
  if (bytes.length === 0) throw refuseMedia('empty_file', `${called} is empty`);
  if (bytes.length > rules.maxBytes)
    throw refuseMedia('file_too_large', `${called} has ${bytes.length} bytes; at most ${rules.maxBytes} are taken`);
  const mimeType = toFileKind(told, name, bytes);
  if (!mimeType || !rules.allowedMimes.includes(mimeType)) {
    const kind = told && told !== unknownType ? `"${told.slice(0, 100)}"` : 'a file of an unknown kind';
    throw refuseMedia('unsupported_file_type', `${called}: ${kind} is not taken; taken are ${listed(rules)}`);
  }
  const file = { name: name ?? `file.${extensions[mimeType] ?? 'txt'}`, mimeType };
  if (mimeType === 'application/pdf') return { ...file, content: await readPdf(called, bytes) };
  const text = decodeText(bytes, charset);
  if (text === undefined)
    throw refuseMedia(
      'invalid_file',
      `${called} is not text${charset ? ` in ${charset.slice(0, 40)}` : ''}: send it as UTF-8`,
    );
  if (mimeType !== 'text/html') return { ...file, content: cut(text, rules.maxChars) };
  const task = { kind: 'html', text, maxChars: rules.maxChars } as const;
  const { text: plain, isCut } = settled(called, await documents.read(task, signal));
  return { ...file, content: withNotes(plain, { isCut, rules }) };

  async function readPdf(what: string, pdf: Buffer): Promise<string> {
    const { maxPages, minTextChars } = rules.pdf;
    // The thread gets a copy of its own: what is moved there is gone here.
    const task = { kind: 'pdf', bytes: new Uint8Array(pdf), maxPages, maxChars: rules.maxChars } as const;
    const { text, isCut, pages } = settled(what, await documents.read(task, signal));
    if (!/\S/.test(text))
      throw refuseMedia(
        'file_parse_error',
        `${what} has no text${pages && pages.total > pages.read ? ` on its first ${pages.read} pages` : ''}: it may be a scan; send its pages as images`,
      );
    return withNotes(text, { isCut, rules, pages, isThin: text.length < minTextChars });
  }
}

// --- internal ---

const unknownType = 'application/octet-stream';

const extensions: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/html': 'html',
  'text/csv': 'csv',
  'application/json': 'json',
  'application/pdf': 'pdf',
};

const kindsByExtension: Readonly<Record<string, string>> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  htm: 'text/html',
  html: 'text/html',
  csv: 'text/csv',
  tsv: 'text/csv',
  json: 'application/json',
  jsonl: 'application/json',
  pdf: 'application/pdf',
};

/** Ends of names that stand for something else than text, whatever the bytes look like. */
const neverText =
  /\.(docx?|xlsx?|pptx?|od[tsp]|rtf|zip|gz|tar|7z|exe|dll|bin|png|jpe?g|gif|webp|heic|svg|mp[34]|wav)$/i;

/** Which of the kinds that can be read a file is; undefined for all others. */
function toFileKind(told: string, name: string | undefined, bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 5).toString('latin1') === '%PDF-') return 'application/pdf';
  if (told === '' || told === unknownType || told === 'binary/octet-stream') {
    if (name && neverText.test(name)) return undefined;
    const kind = kindsByExtension[/\.(\w+)$/.exec(name ?? '')?.[1]?.toLowerCase() ?? ''];
    return kind ?? (decodeText(bytes) === undefined ? undefined : 'text/plain');
  }
  if (Object.hasOwn(extensions, told)) return told;
  if (told === 'application/xhtml+xml') return 'text/html';
  if (/^text\/(x-)?(markdown|csv|tab-separated-values)$/.test(told))
    return told.includes('mark') ? 'text/markdown' : 'text/csv';
  if (/^(application|text)\/([\w.-]+\+)?(x-)?(json|jsonl|ndjson|json5)$/.test(told)) return 'application/json';
  return /^text\/(?!rtf|richtext)|^application\/([\w.-]+\+)?(x-)?(xml|yaml|toml|javascript|typescript|sql|sh|shellscript|python)$/.test(
    told,
  )
    ? 'text/plain'
    : undefined;
}

const listed = ({ allowedMimes }: FileRules) =>
  allowedMimes.filter((mime) => Object.hasOwn(extensions, mime)).join(', ');

const faults: Readonly<Record<DocumentFault, string>> = {
  damaged: 'is damaged, or not what it says it is',
  encrypted: 'is protected by a password: send it without one',
  'too-slow': 'takes too long to read: send a smaller one, or its text',
  'too-large': 'needs too much memory to read: send a smaller one, or its text',
};

function settled(called: string, outcome: DocumentOutcome): Extract<DocumentOutcome, { ok: true }> {
  if (outcome.ok) return outcome;
  throw refuseMedia('file_parse_error', `${called} ${faults[outcome.fault]}`);
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars).toWellFormed()}\n\n[${text.length - maxChars} characters more were left out]`;
}

interface Reading {
  isCut: boolean;
  rules: FileRules;
  pages?: { total: number; read: number } | undefined;
  /** True for so little text that something must be missing. */
  isThin?: boolean;
}

/** What a model has to know of what it does not see. */
function withNotes(text: string, { isCut, rules, pages, isThin = false }: Reading): string {
  const notes = [
    isCut && `only the first ${rules.maxChars} characters are here`,
    pages && pages.total > pages.read && `only the first ${pages.read} of ${pages.total} pages are here`,
    isThin && 'there is little text: pages may be pictures, which are not here',
  ].filter(Boolean);
  return notes.length === 0 ? text : `${text}\n\n[${notes.join('; ')}]`;
}
