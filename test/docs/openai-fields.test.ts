import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChatBody } from '../../server/http/openai/chat-body.ts';
import { ResponseBody } from '../../server/http/openai/response-body.ts';

describe('the page of the fields of the OpenAI routes', () => {
  it('names every member that the bodies read', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/openai-fields.md'), 'utf8');
    const [, chat = '', response = ''] =
      /## Fields of a chat completion(.*)## Answers of a chat completion.*## Fields of a response(.*)## Events/s.exec(
        page,
      ) ?? [];
    const missing = (text: string, body: { shape: object }) =>
      Object.keys(body.shape).filter((name) => !text.includes(`\`${name}\``));
    expect(missing(chat, ChatBody)).toEqual([]);
    expect(missing(response, ResponseBody)).toEqual([]);
  });
});
