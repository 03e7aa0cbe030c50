import { setImmediate as breathe } from 'node:timers/promises';

/*
 * Tokens of OpenAI's embedding models (cl100k_base). The tables are imported at first use: they take 40 MB, which a gateway
 * that is never asked does not spend.
 */

/** Tokens one text may have. */
export const maxInputTokens = 8192;

/** True when a text has at most that many tokens. Lets other work run in between; texts that are short in bytes need no counting. */
export async function isWithinTokens(text: string, limit = maxInputTokens): Promise<boolean> {
  // No token stands for less than a byte, nor for more than 128 letters.
  if (text.length <= limit && Buffer.byteLength(text) <= limit) return true;
  if (text.length > limit * 128) return false;
  const { countTokens } = await load();
  let count = 0;
  let busySince = performance.now();
  for (const piece of toPieces(text)) {
    count += countTokens(piece, plain);
    if (count > limit) return false;
    if (performance.now() - busySince < 10) continue;
    await breathe();
    busySince = performance.now();
  }
  return true;
}

/** The text that tokens stand for; undefined when one of them stands for nothing. */
export async function decodeTokens(tokens: readonly number[]): Promise<string | undefined> {
  const { decode } = await load();
  try {
    return decode(tokens);
  } catch {
    // The library's way to say that it does not know a token.
    return undefined;
  }
}

/** About how many tokens texts have, where nobody counted: four bytes each. */
export function estimateTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / 4), 0);
}

// --- internal ---

/** `<|endoftext|>` in a text is those letters. */
const plain = { disallowedSpecial: new Set<string>() };

let loading: Promise<typeof import('gpt-tokenizer/encoding/cl100k_base')> | undefined;

const load = () => (loading ??= import('gpt-tokenizer/encoding/cl100k_base'));

/** Letters in a piece: merging a word takes time with the square of its length. */
const pieceChars = 500;

/** Pieces that tokens do not cross where there are words: each begins with the space before one. */
function* toPieces(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = start + pieceChars;
    const space = end < text.length ? text.lastIndexOf(' ', end) : -1;
    const isHalf = /[\uD800-\uDBFF]/.test(text[end - 1] ?? '');
    const cut = space > start ? space : end - (isHalf ? 1 : 0);
    yield text.slice(start, cut);
    start = cut;
  }
}
