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
    expect(error).toMatchObject({ status: 404, type: 'not_found_error', code: null, param: null });
    expect(error.message).toMatch(/nothing at \/v1\/.+; .+\. POST \/v1\/chat\/completions, /);
  });

  it('are told from paths that nobody has', async () => {
    await using house = await openHouse(say('hi'));
    for (const path of ['/v1/made_up', '/v1/constructor', '/v1', '/v1/filesystem']) {
      const { status, message } = await readError(await house.ask(path));
      expect([status, message]).toEqual([404, `there is nothing at ${path}; the API is under /v1`]);
    }
  });
});
