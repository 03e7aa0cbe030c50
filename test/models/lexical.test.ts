import { describe, expect, it } from 'vitest';
import { embedLexically } from '../../server/models/lexical.ts';
import { never } from './calling.ts';

const embed = async (texts: string[], dimensions?: number) =>
  (await embedLexically(texts, { dimensions }, never)).vectors;
const lengthOf = (vector: Float32Array | undefined) => Math.hypot(...(vector ?? []));
const dot = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()) =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

describe('the lexical embedding', () => {
  it('has 384 dimensions and unit length for every text', async () => {
    const vectors = await embed(['Restart the gateway.', '', '   ', '!!!', '東京の天気', 'a', 'x'.repeat(200_000)]);
    for (const vector of vectors) {
      expect(vector).toHaveLength(384);
      expect(lengthOf(vector)).toBeCloseTo(1, 5);
    }
  });

  it('is the same everywhere and always', async () => {
    const [first] = await embed(['How do I bind to my LAN?']);
    const [second] = await embed(['How do I bind to my LAN?']);
    expect(first).toEqual(second);
    // A change of these numbers makes every stored vector worthless.
    const largest = [...(first ?? [])]
      .map((value, at) => ({ at, value }))
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    expect(largest.slice(0, 3).map(({ at, value }) => `${at}:${value.toFixed(4)}`)).toMatchInlineSnapshot(`
      [
        "2:-0.1543",
        "7:-0.1543",
        "17:0.1543",
      ]
    `);
  });

  it('puts texts near each other that share words or parts of words', async () => {
    const [question, near, inflected, far] = await embed([
      'how do I restart the gateway',
      'restart the gateway with openclaw gateway restart',
      'the gateway was restarting',
      'bananas are rich in potassium',
    ]);
    expect(dot(question, near)).toBeGreaterThan(0.4);
    expect(dot(question, inflected)).toBeGreaterThan(0.25);
    expect(Math.abs(dot(question, far))).toBeLessThan(0.2);
    const [tokyo, weather, dog] = await embed(['東京の天気', '東京の天気予報', '犬が好き']);
    expect(dot(tokyo, weather)).toBeGreaterThan(dot(tokyo, dog) + 0.3);
  });

  it('takes no notice of case, width and punctuation', async () => {
    const [plain, loud] = await embed(['bind to lan', 'BIND, to ｌａｎ!']);
    expect(plain).toEqual(loud);
  });

  it('can be shortened, to unit length again', async () => {
    const [long, short] = [(await embed(['restart the gateway']))[0], (await embed(['restart the gateway'], 64))[0]];
    expect(short).toHaveLength(64);
    expect(lengthOf(short)).toBeCloseTo(1, 5);
    const scale = lengthOf(long?.slice(0, 64));
    expect(short?.[3]).toBeCloseTo((long?.[3] ?? 0) / scale, 5);
  });

  it.each([0, 385, 1.5, Number.NaN])('refuses %d dimensions', async (dimensions) => {
    await expect(embed(['a'], dimensions)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('1 to 384'),
    });
  });

  it('counts words as tokens and stops when told to', async () => {
    expect((await embedLexically(['one two', 'three'], {}, never)).inputTokens).toBe(3);
    await expect(embedLexically(['a'], {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
