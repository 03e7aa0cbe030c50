import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { png } from '../media/images.ts';
import { callTool, hold, say } from '../scripted-model.ts';
import { type Answer, answerTo, ask, given, readTyped, user, weather } from './asked-responses.ts';
import { type House, openHouse, readError, token } from './house.ts';

const clientOf = ({ url }: House) => new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
const notFound = { status: 404, code: 'not_found', param: 'response_id' };

describe('a response that is stored', () => {
  it('is read again as it was answered, streamed or not', async () => {
    await using house = await openHouse(say('Hello.'));
    const openai = clientOf(house);
    const whole = await openai.responses.create({ model: 'openclaw', input: 'hi', instructions: 'Be brief.' });
    expect(await openai.responses.retrieve(whole.id)).toEqual(whole);
    const events = await readTyped(await ask(house, { stream: true, metadata: { a: 'b' } }));
    const streamed = events.at(-1)?.response as { id: string };
    expect(await (await house.ask(`/v1/responses/${streamed.id}`)).json()).toEqual(streamed);
    const encoded = await house.ask(`/v1/responses/${encodeURIComponent(streamed.id)}?include[]=x`);
    expect(encoded.status).toBe(200);
  });

  it('shows how far it has got while it is written', async () => {
    const slow = hold('be', 'gun');
    await using house = await openHouse(slow.script);
    const answer = await ask(house, { stream: true });
    const reader = (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!seen.includes('output_text.delta')) seen += (await reader.read()).value ?? '';
    const id = /"id":"(resp_[0-9a-f]{32})"/.exec(seen)?.[1];
    const read = async () => (await (await house.ask(`/v1/responses/${id}`)).json()) as { status: string };
    expect(await read()).toMatchObject({ id, status: 'in_progress', output: [] });
    slow.release();
    for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
    expect(await read()).toMatchObject({ id, status: 'completed', output_text: 'begun' });
  });

  it('has its input as items, in pages', async () => {
    await using house = await openHouse([callTool('weather', {}, 'call-1'), say('Sunny.')]);
    const openai = clientOf(house);
    const first = await openai.responses.create({ model: 'openclaw', input: 'weather?', tools: [weather as never] });
    const image = {
      type: 'input_image',
      image_url: `data:image/png;base64,${png().toString('base64')}`,
      detail: 'auto',
    };
    const next = await answerTo(house, {
      previous_response_id: first.id,
      input: [
        { type: 'function_call_output', call_id: 'call-1', output: 'sunny' },
        { role: 'user', content: [{ type: 'input_text', text: 'like this?' }, image] },
      ],
      tools: [weather],
    });
    const items = [];
    for await (const item of openai.responses.inputItems.list(next.id, { order: 'asc', limit: 1 })) items.push(item);
    expect(items).toMatchObject([
      { type: 'function_call_output', call_id: 'call-1', output: 'sunny' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'like this?' }, image] },
    ]);
    const { data, has_more } = await openai.responses.inputItems.list(next.id);
    expect([data.map(({ type }) => type), has_more]).toEqual([['message', 'function_call_output'], false]);
    const asked = await openai.responses.inputItems.list(first.id);
    expect(asked.data).toMatchObject([{ content: [{ type: 'input_text', text: 'weather?' }] }]);
    const wrong = await house.ask(`/v1/responses/${next.id}/input_items?limit=0`);
    expect(await readError(wrong)).toMatchObject({ status: 400, param: 'limit' });
  });

  it('can be deleted, and is then neither found nor gone on with', async () => {
    await using house = await openHouse(say('Hello.'));
    const { id, output } = await answerTo(house, {});
    const gone = await house.ask(`/v1/responses/${id}`, { method: 'DELETE' });
    expect(await gone.json()).toEqual({ id, object: 'response', deleted: true });
    expect(await readError(await house.ask(`/v1/responses/${id}`))).toMatchObject(notFound);
    expect(await readError(await house.ask(`/v1/responses/${id}`, { method: 'DELETE' }))).toMatchObject(notFound);
    const next = await ask(house, { previous_response_id: id });
    expect(await readError(next)).toMatchObject({ status: 400, code: 'previous_response_not_found' });
    const reference = await ask(house, { input: [{ type: 'item_reference', id: output[0]?.id }] });
    expect(await readError(reference)).toMatchObject({ status: 400, param: 'input[0].id' });
  });

  it('goes with its conversation', async () => {
    await using house = await openHouse(say('Hello.'));
    const { id } = await answerTo(house, {}, { 'x-openclaw-session-key': 'talk' });
    expect((await house.ask(`/v1/responses/${id}`)).status).toBe(200);
    house.rooms.sessions.delete('agent:main:talk');
    expect(await readError(await house.ask(`/v1/responses/${id}`))).toMatchObject(notFound);
  });

  it('cannot be cancelled, because it is no background response', async () => {
    await using house = await openHouse(say('Hello.'));
    const { id } = await answerTo(house, {});
    const cancelled = await house.ask(`/v1/responses/${id}/cancel`, { method: 'POST' });
    expect(await readError(cancelled)).toMatchObject({ status: 400, type: 'invalid_request_error' });
    const unknown = await house.ask(`/v1/responses/resp_${'0'.repeat(32)}/cancel`, { method: 'POST' });
    expect(await readError(unknown)).toMatchObject(notFound);
  });

  it.each<[string, string, object]>([
    ['GET', '/v1/responses/nobody', notFound],
    ['GET', '/v1/responses/%E0%A4%A', notFound],
    ['GET', '/v1/responses/nobody/input_items', notFound],
    ['GET', '/v1/responses/nobody/made_up', { status: 404 }],
    ['POST', '/v1/responses/nobody', { status: 405 }],
    ['DELETE', '/v1/responses/nobody/input_items', { status: 405 }],
    ['PUT', '/v1/responses/nobody', { status: 405 }],
  ])('%s %s is refused in JSON', async (method, path, expected) => {
    await using house = await openHouse(say('hi'));
    expect(await readError(await house.ask(path, { method }))).toMatchObject(expected);
  });

  it.each([true, false])('is answered also when it cannot be kept, streamed: %s', async (stream) => {
    await using house = await openHouse(say('Hello.'));
    const { database } = house.rooms;
    database.write(() => database.prepare('DROP TABLE responses').run());
    const answer = await ask(house, { stream });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"status":"completed"');
    expect(house.logged.join('\n')).toMatch(/error resp_[0-9a-f]{32} could not be kept/);
  });

  it('is not streamed a second time', async () => {
    await using house = await openHouse(say('hi'));
    const { id } = await answerTo(house, {});
    const again = await readError(await house.ask(`/v1/responses/${id}?stream=true`));
    expect(again).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'stream' });
  });
});

describe('a response that is not to be stored', () => {
  it.each([true, false])('is found by nobody, streamed: %s', async (stream) => {
    await using house = await openHouse(say('Hello.'));
    const answer = await ask(house, { store: false, stream });
    const last = stream ? (await readTyped(answer)).at(-1)?.response : await answer.json();
    const { id, output } = last as Answer;
    expect(id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect(await readError(await house.ask(`/v1/responses/${id}`))).toMatchObject(notFound);
    const next = await readError(await ask(house, { previous_response_id: id }));
    expect(next).toMatchObject({ status: 400, code: 'previous_response_not_found' });
    const reference = await readError(await ask(house, { input: [{ id: output[0]?.id }] }));
    expect(reference).toMatchObject({ status: 400, param: 'input[0].id' });
  });

  it('goes on when the caller sends all of it, as clients without a store do', async () => {
    await using house = await openHouse([callTool('weather', {}, 'call-1'), say('Sunny.')]);
    const first = await answerTo(house, { store: false, tools: [weather], include: ['reasoning.encrypted_content'] });
    const result = { type: 'function_call_output', call_id: 'call-1', output: 'sunny' };
    const input = [{ role: 'user', content: 'hello' }, ...first.output, result];
    const next = await answerTo(house, { store: false, tools: [weather], input });
    expect(next.output_text).toBe('Sunny.');
    expect(given(house).messages[0]).toEqual(user('hello'));
  });
});
