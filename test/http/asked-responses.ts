import { expect } from 'vitest';
import type { ModelMessage } from '../../server/models/provider.ts';
import type { House } from './house.ts';

export const weather = {
  type: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: {} },
  strict: true,
};

export interface Item {
  id: string;
  type: string;
}

export interface Answer {
  id: string;
  output: Item[];
  [member: string]: unknown;
}

/** Asks for a response to `hello`, or to what the body says. */
export const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/responses', { body: { model: 'openclaw', input: 'hello', ...body }, headers });

export async function answerTo(house: House, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await ask(house, body, headers);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

/** What the model was given last. */
export function given(house: House) {
  const request = house.rooms.models.requests.at(-1);
  if (!request) throw new Error('the model was not asked');
  return request;
}

export const user = (text: string): ModelMessage => ({ role: 'user', content: [{ type: 'text', text }] });
export const assistant = (text: string): ModelMessage => ({ role: 'assistant', content: [{ type: 'text', text }] });

/** The events of a streamed response; holds their names against their types. */
export async function readTyped(
  response: Response,
): Promise<{ type: string; sequence_number: number; [member: string]: unknown }[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
  expect(blocks.pop()).toBe('data: [DONE]');
  return blocks.map((block) => {
    const [, name, body] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
    const event = JSON.parse(body ?? '');
    expect(event.type).toBe(name);
    return event;
  });
}
