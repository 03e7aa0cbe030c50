import { describe, expect, it } from 'vitest';
import { say } from '../scripted-model.ts';
import { openHouse, readError } from './house.ts';

describe('routes of OpenAI that are not here', () => {
  it.each([
    ['POST', '/v1/completions'],
    ['POST', '/v1/audio/transcriptions'],
    ['POST', '/v1/images/generations'],
    ['POST', '/v1/files'],
    ['GET', '/v1/files/file-1/content'],
    ['DELETE', '/v1/files/file-1'],
    ['POST', '/v1/assistants'],
    ['POST', '/v1/threads/t/runs'],
    ['POST', '/v1/moderations'],
    ['GET', '/v1/vector_stores?limit=1'],
    ['POST', '/v1/batches'],
    ['POST', '/v1/conversations'],
  ])('%s %s says what serves instead', async (method, path) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await house.ask(path, { method, ...(method === 'POST' && { body: { a: 1 } }) }));
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', code: 'unknown_url', param: null });
    expect(error.message).toMatch(/is not offered: .+\. There are POST \/v1\/chat\/completions/);
  });

  it('want the same bearer as all others, and know no other method', async () => {
    await using house = await openHouse(say('hi'));
    expect((await fetch(`${house.url}/v1/files`)).status).toBe(401);
    const put = await house.ask('/v1/files', { method: 'PUT', body: {} });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE']);
  });
});
