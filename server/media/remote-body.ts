import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export interface BodyOptions {
  /** `content-encoding` of the answer. */
  encoding: string;
  maxBytes: number;
  tooLarge(): Error;
  /** Told of each piece of the result; what it throws ends the reading. */
  spend?: ((bytes: number) => void) | undefined;
  signal: AbortSignal;
}

/** Reads a body to its end, as it comes and decompressed, both within `maxBytes`. Rejects with `tooLarge()` at the byte behind. */
export async function readBody(body: Readable, { encoding, signal, spend, ...most }: BodyOptions): Promise<Buffer> {
  const decoder = toDecoder(encoding);
  const chunks: Buffer[] = [];
  let size = 0;
  const collect = limit(most, (chunk) => {
    spend?.(chunk.length);
    size += chunk.length;
    chunks.push(chunk);
  });
  const steps = decoder ? [body, limit(most), decoder, collect] : [body, collect];
  await pipeline(steps as [Readable, ...Transform[]], { signal });
  return Buffer.concat(chunks, size);
}

// --- internal ---

/** Passes on so many bytes, or hands them to `receive`, and fails with the next. */
function limit({ maxBytes, tooLarge }: Pick<BodyOptions, 'maxBytes' | 'tooLarge'>, receive?: (chunk: Buffer) => void) {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      if (size > maxBytes) return callback(tooLarge());
      try {
        receive?.(chunk);
        callback(null, receive ? undefined : chunk);
      } catch (error) {
        // Of `spend`, which has no room left: in a stream errors are passed on, not thrown.
        callback(error as Error);
      }
    },
  });
}

function toDecoder(encoding: string): Transform | undefined {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'x-gzip') return createGunzip();
  if (name === 'deflate') return createInflate();
  if (name === 'br') return createBrotliDecompress();
  throw new Error(`content-encoding ${name} is not read`);
}
