import { expect } from 'vitest';
import { type House, readEvents } from './house.ts';

export const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
};
export const time = { type: 'function', function: { name: 'time' } };

export const user = (content: unknown) => ({ role: 'user', content });

/** Asks for a completion of `hello`, or of what the body says. */
export const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/chat/completions', { body: { model: 'openclaw', messages: [user('hello')], ...body }, headers });

export interface Choice {
  finish_reason: string | null;
  message: Record<string, unknown>;
}

/** The one choice of an answer. */
export async function choiceOf(house: House, body: object): Promise<Choice> {
  const answer = await ask(house, body);
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.any(String)]);
  const { choices } = (await answer.json()) as { choices: [Choice] };
  return choices[0];
}

/** The deltas of a streamed answer, then its finish reason. */
export async function deltasOf(house: House, body: object): Promise<[deltas: Record<string, unknown>[], string]> {
  const events = await readEvents(await ask(house, { ...body, stream: true }));
  expect(events.pop()).toBe('[DONE]');
  const choices = events.map((event) => JSON.parse(event).choices[0]);
  return [choices.map(({ delta }) => delta), choices.at(-1).finish_reason];
}

/** What the model was given. */
export async function given(house: House, body: object) {
  await choiceOf(house, body);
  const request = house.rooms.models.requests.at(-1);
  if (!request) throw new Error('the model was not asked');
  return request;
}
