import { join } from 'node:path';
import type { EventName } from '../../sdk/protocol/events.ts';
import { openDatabase } from '../../server/database/database.ts';
import { createSessionStore } from '../../server/sessions/live-store.ts';
import { scratch } from '../scratch.ts';

/** A store that notes what it publishes, on a database of its own or in a folder. */
export async function openStore(path?: string) {
  const folder = path === undefined ? await scratch() : undefined;
  const database = await openDatabase(join(path ?? folder?.path ?? '', 'openclaw.db'));
  const published: { event: EventName; payload: Record<string, unknown> }[] = [];
  const store = createSessionStore({
    database,
    mainKey: () => 'main',
    modelOf: (_agent, override) => ({ provider: 'test', model: override ?? 'one' }),
    publish: (event, payload) => void published.push({ event, payload: payload as unknown as Record<string, unknown> }),
  });
  return {
    ...store,
    published,
    database,
    async [Symbol.asyncDispose]() {
      store.close();
      await database.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/** A message as somebody writes it. */
export const say = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] });
export const answer = (text: string) => ({
  role: 'assistant' as const,
  content: [{ type: 'text' as const, text }],
  stopReason: 'stop',
});
export const everything = { limit: 100, offset: 0, archived: false as const };
