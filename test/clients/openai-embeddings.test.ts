import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { embedNumbers, openEmbeddingGateway, refuseWith, settingsOf } from './fixture.ts';

const model = 'openclaw';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

describe('openai: embeddings', () => {
  it('come as numbers, though base64 goes over the wire', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const openai = new OpenAI(settingsOf(gateway));
    const { data, usage, model: answered } = await openai.embeddings.create({ model, input: 'text 3' });
    expect(data).toEqual([{ object: 'embedding', index: 0, embedding: [3, 0.5, -0.25] }]);
    expect(usage).toEqual({ prompt_tokens: 1, total_tokens: 1 });
    expect(answered).toBe(model);
    const asBase64 = await openai.embeddings.create({ model, input: 'text 3', encoding_format: 'base64' });
    expect(typeof asBase64.data[0]?.embedding).toBe('string');
    const asFloat = await openai.embeddings.create({ model, input: 'text 3', encoding_format: 'float' });
    expect(asFloat.data[0]?.embedding).toEqual([3, 0.5, -0.25]);
  });

  it('keep their order, 2048 at a time', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const openai = new OpenAI(settingsOf(gateway));
    const { data } = await openai.embeddings.create({ model, input: numbers(2048) });
    expect(data.map(({ embedding }) => embedding[0])).toEqual(numbers(2048).map((_, index) => index));
    expect(data.map(({ index }) => index)).toEqual(numbers(2048).map((_, index) => index));
    const tooMany = openai.embeddings.create({ model, input: numbers(2049) });
    await expect(tooMany).rejects.toMatchObject({ status: 400, param: 'input' });
  });

  it('pass on the wished dimensions', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const openai = new OpenAI(settingsOf(gateway));
    await openai.embeddings.create({ model, input: ['text 1'], dimensions: 3, user: 'ann' });
    expect(gateway.upstream.requests.at(-1)?.body.dimensions).toBe(3);
  });

  it('fail as the provider fails, with its key kept secret', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(refuseWith(401, { message: 'bad key', type: 'x', code: 'invalid_api_key', param: null }));
    const openai = new OpenAI(settingsOf(gateway));
    const failing = openai.embeddings.create({ model, input: 'text 1' });
    await expect(failing).rejects.toMatchObject({ status: 502, code: 'provider_auth' });
    expect(gateway.upstream.requests).toHaveLength(1);
  });
});
