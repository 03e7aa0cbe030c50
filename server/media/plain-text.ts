import { isUtf8 } from 'node:buffer';

/**
 * Reads bytes as text: by their byte order mark, else as their sender says (`utf-8`, `latin1`, `utf-16le`, ... of the Encoding
 * standard), else as UTF-8 and, where they are none, as Windows-1252, which old spreadsheets write. Undefined for bytes that
 * are no text.
 */
export function decodeText(bytes: Buffer, charset?: string): string | undefined {
  const mark = toMarked(bytes);
  const label = mark ?? charset;
  const text = label ? decodeAs(bytes, label) : isUtf8(bytes) ? bytes.toString() : decodeAs(bytes, 'windows-1252');
  return text === undefined || isBinary(text) ? undefined : text.toWellFormed();
}

// --- internal ---

function toMarked(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

function decodeAs(bytes: Buffer, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    // Not a charset that is known, or not what it says: told by the caller, who knows the file's name.
    return undefined;
  }
}

/** Characters that stand in no text; a form feed does. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const isBinary = (text: string) => /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
