import { setImmediate as breathe } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Embeddings } from './provider.ts';

/** Name of the local embedding. It compares wording, not meaning: texts are near when they share words and parts of words. */
export const lexicalModel = 'builtin/lexical-384';

const lexicalDimensions = 384;

/**
 * Embeds texts without a language model, the same everywhere and always: words, pairs of words and groups of letters are
 * hashed into buckets with a sign (feature hashing), weighted by 1 + log of their count, scaled to unit length. Of each text
 * the first 131 072 characters are read.
 * @param dimensions how many of the 384 to keep; the vector is scaled to unit length again.
 * @throws GatewayError INVALID_REQUEST for dimensions that are not 1 to 384; CANCELLED when the signal fires.
 */
export async function embedLexically(
  texts: string[],
  { dimensions = lexicalDimensions }: { dimensions?: number | undefined },
  signal: AbortSignal,
): Promise<Embeddings> {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > lexicalDimensions) {
    const message = `${lexicalModel} has ${lexicalDimensions} dimensions: ask for 1 to ${lexicalDimensions}, not ${dimensions}.`;
    throw new GatewayError('INVALID_REQUEST', message, { details: { param: 'dimensions' } });
  }
  const vectors: Float32Array[] = [];
  let inputTokens = 0;
  let busySince = performance.now();
  for (const text of texts) {
    // Thousands of long texts take seconds: other work gets its turn in between.
    if (performance.now() - busySince > 10) {
      await breathe();
      busySince = performance.now();
    }
    if (signal.aborted) throw new GatewayError('CANCELLED', 'The embedding was cancelled.', { cause: signal.reason });
    const words = wordsOf(text);
    inputTokens += words.length;
    vectors.push(toVector(words, dimensions));
  }
  return { vectors, inputTokens };
}

const maxTextChars = 131_072;

function wordsOf(text: string): string[] {
  return (
    text
      .slice(0, maxTextChars)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

function toVector(words: string[], dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [hash, count] of countFeatures(words)) {
    const bucket = (hash >>> 1) % lexicalDimensions;
    if (bucket < dimensions) vector[bucket] = (vector[bucket] ?? 0) + (hash & 1 ? 1 : -1) * (1 + Math.log(count));
  }
  const length = Math.hypot(...vector);
  // No words, or features that cancel each other out: a vector all the same, and always the same one.
  if (length === 0) vector[0] = 1;
  else for (const [at, value] of vector.entries()) vector[at] = value / length;
  return vector;
}

function countFeatures(words: string[]): Map<number, number> {
  const counts = new Map<number, number>();
  const count = (feature: string) => {
    const hash = hashOf(feature);
    counts.set(hash, (counts.get(hash) ?? 0) + 1);
  };
  for (const [at, word] of words.entries()) {
    count(word);
    const previous = words[at - 1];
    if (previous !== undefined) count(`${previous} ${word}`);
    // Scripts without spaces give long words: their letters alone and in pairs carry what words do elsewhere.
    const sizes = unspaced.test(word) ? [1, 2] : [3, 4, 5];
    const framed = `<${word}>`;
    for (const size of sizes) {
      for (let start = 0; start + size <= framed.length; start++) count(`${size}${framed.slice(start, start + size)}`);
    }
  }
  return counts;
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** FNV-1a over UTF-16 code units, mixed once more: its low bits alone are too regular for a sign. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  hash ^= hash >>> 15;
  return hash >>> 0;
}
