import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { ModelFailure } from '../../server/models/provider.ts';
import { say } from '../scripted-model.ts';
import { type House, openHouse, readError } from './house.ts';

const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/embeddings', { body: { model: 'openclaw', input: 'a text', ...body }, headers });

interface Answer {
  data: { embedding: number[] | string; index: number; object: string }[];
  usage: { prompt_tokens: number; total_tokens: number };
}

describe('embeddings', () => {
  it('are vectors in the order of the input, named as what they are', async () => {
    await using house = await openHouse(say('hi'));
    const answer = await ask(house, { model: 'openclaw/default', input: ['cats', 'dogs', 'cats'] });
    expect(answer.headers.get('x-openclaw-model')).toBe('builtin/lexical-384');
    const body = (await answer.json()) as Answer;
    expect(body).toMatchObject({ object: 'list', model: 'openclaw/default' });
    expect(body.data.map(({ index, object }) => [index, object])).toEqual(
      [0, 1, 2].map((index) => [index, 'embedding']),
    );
    const [first, second, third] = body.data.map(({ embedding }) => embedding as number[]);
    expect(first).toHaveLength(384);
    expect(first).toEqual(third);
    expect(first).not.toEqual(second);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1);
    expect(body.usage.prompt_tokens).toBeGreaterThan(0);
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens);
  });

  it('say the same in base64', async () => {
    await using house = await openHouse(say('hi'));
    const read = async (body: object) => ((await (await ask(house, body)).json()) as Answer).data[0]?.embedding;
    const bytes = Buffer.from((await read({ encoding_format: 'base64' })) as string, 'base64');
    const floats = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
    expect(floats).toEqual(await read({ encoding_format: 'float' }));
    expect(floats).toEqual(await read({ encoding_format: null }));
  });

  it('of tokens are those of the text that they stand for', async () => {
    await using house = await openHouse(say('hi'));
    const read = async (input: unknown) =>
      ((await (await ask(house, { input })).json()) as Answer).data.map(({ embedding }) => embedding);
    // cl100k_base: "Hello", " world".
    expect(await read([9906, 1917])).toEqual(await read('Hello world'));
    expect(await read([[9906], [1917]])).toEqual(await read(['Hello', ' world']));
  });

  it('take texts of up to 8192 tokens, whatever their length', async () => {
    await using house = await openHouse(say('hi'));
    expect((await ask(house, { input: ['word '.repeat(8000), 'é'.repeat(5000), '🦞'.repeat(2000)] })).status).toBe(200);
    expect((await ask(house, { input: Array.from({ length: 8192 }, () => 1917) })).status).toBe(200);
  });

  it('come 2048 at a time', async () => {
    await using house = await openHouse(say('hi'));
    const texts = Array.from({ length: 2048 }, (_, index) => `text ${index}`);
    const answer = (await (await ask(house, { input: texts, encoding_format: 'base64' })).json()) as Answer;
    expect(answer.data).toHaveLength(2048);
    expect(await readError(await ask(house, { input: [...texts, 'more'] }))).toMatchObject({
      status: 400,
      param: 'input',
    });
  });

  it.each<[object, string, string | null]>([
    [{ input: '' }, 'input', null],
    [{ input: [] }, 'input', null],
    [{ input: ['a', ''] }, 'input[1]', null],
    [{ input: null }, 'input', null],
    [{ input: 7 }, 'input', null],
    [{ input: undefined }, 'input', null],
    [{ input: [[]] }, 'input[0]', null],
    [{ input: [1, 2, 'three'] }, 'input[2]', null],
    [{ input: [1, -2] }, 'input[1]', null],
    [
      {
        input: [
          [1, 2],
          [3, 0.5],
        ],
      },
      'input[1][1]',
      null,
    ],
    [{ input: ['a', [1], {}] }, 'input[2]', null],
    [{ input: [1, 999_999_999] }, 'input[0]', null],
    [{ input: Array.from({ length: 8193 }, () => 1) }, 'input', 'context_length_exceeded'],
    [{ input: [[1], Array.from({ length: 8193 }, () => 1)] }, 'input[1]', 'context_length_exceeded'],
    [{ input: 'word '.repeat(9000) }, 'input', 'context_length_exceeded'],
    [{ input: ['fits', 'word '.repeat(9000)] }, 'input[1]', 'context_length_exceeded'],
    [{ input: 'a'.repeat(2_000_000) }, 'input', 'context_length_exceeded'],
    [{ encoding_format: 'hex' }, 'encoding_format', null],
    [{ dimensions: 0 }, 'dimensions', null],
    [{ model: 'gpt-4o' }, 'model', 'model_not_found'],
    [{ model: 'nobody/nothing' }, 'model', 'model_not_found'],
  ])('%j is refused with the member that is wrong', async (body, param, code) => {
    await using house = await openHouse(say('hi'));
    expect(await readError(await ask(house, body))).toMatchObject({ status: 400, param, code });
  });

  it('come from the model that is named, or from the agent’s', async () => {
    const asked: unknown[] = [];
    await using house = await openHouse(say('hi'), {
      embed: async (reference, { inputs, ...options }) => {
        asked.push([reference, inputs, options]);
        const model = reference === 'test/one' ? 'test/embedder' : 'builtin/lexical-384';
        return { vectors: inputs.map(() => new Float32Array([0.5, -1])), inputTokens: 2, model };
      },
    });
    const answer = await ask(house, { dimensions: 2 });
    expect(answer.headers.get('x-openclaw-model')).toBe('test/embedder');
    expect(((await answer.json()) as Answer).data[0]?.embedding).toEqual([0.5, -1]);
    await ask(house, { model: 'test/one' });
    await ask(house, {}, { 'x-openclaw-model': 'test/one' });
    await ask(house, { model: 'builtin/lexical-384' });
    expect(asked).toEqual([
      ['test/one', ['a text'], { dimensions: 2, strict: false }],
      ['test/one', ['a text'], { dimensions: undefined, strict: true }],
      ['test/one', ['a text'], { dimensions: undefined, strict: true }],
      ['builtin/lexical-384', ['a text'], { dimensions: undefined, strict: true }],
    ]);
  });

  it('are not silently those of another model', async () => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, { model: 'test/one' }));
    expect(error).toMatchObject({ status: 400, code: 'model_not_found', param: 'model' });
  });

  it('fail with the status of the provider’s failure', async () => {
    const failure: ModelFailure = {
      kind: 'rate_limit',
      message: 'slow down',
      provider: 'test',
      model: 'one',
      retryable: true,
      retryAfterMs: 2500,
    };
    await using house = await openHouse(say('hi'), {
      embed: () => Promise.reject(new GatewayError('UNAVAILABLE', failure.message, { details: { failure } })),
    });
    const answer = await ask(house, {});
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(await readError(answer)).toMatchObject({ status: 429, code: 'rate_limit_exceeded', message: 'slow down' });
  });

  it('stop when the caller goes away', async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    await using house = await openHouse(say('hi'), {
      embed: (_reference, _request, signal) => {
        begun.resolve(signal);
        return new Promise(() => {});
      },
    });
    const leaving = new AbortController();
    const answer = house.ask('/v1/embeddings', { body: { input: 'x' }, signal: leaving.signal });
    const signal = await begun.promise;
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => signal.aborted).toBe(true);
  });
});
