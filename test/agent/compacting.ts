import type { ModelRequest } from '../../server/models/provider.ts';
import { type Script, say, sayFor } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

export type Rooms = Awaited<ReturnType<typeof openAgentRooms>>;

export const key = 'agent:main:main';
export const isSummary = ({ system = '' }: ModelRequest) => system.includes('into a summary');
export const textOf = ({ messages }: ModelRequest) => JSON.stringify(messages);

/** A model that answers `reply n`, and `a summary` when it is asked for one. */
export function talk(summary: Script = sayFor({ input: 30, output: 3 }, 'a summary')): Script {
  let turn = 0;
  return (request, signal) => (isSummary(request) ? summary : say(`reply ${++turn}`))(request, signal);
}

export async function run(rooms: Rooms, text: string, more: object = {}) {
  await rooms.start({ runId: text, text, ...more });
  return rooms.runs.wait(text, { timeoutMs: 10_000 });
}

/** Rooms in which three things were said. */
export async function withThree(script: Script = talk(), options: Parameters<typeof openAgentRooms>[1] = {}) {
  const rooms = await openAgentRooms({ 'test/one': [script], 'test/two': [script] }, options);
  for (const text of ['first', 'second', 'third']) await run(rooms, text);
  rooms.models.requests.length = 0;
  return rooms;
}

export const rowsOf = (rooms: Rooms) => rooms.sessions.history(key, { limit: 100, offset: 0 }).messages;
