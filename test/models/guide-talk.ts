import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createGuideProvider } from '../../server/models/guide.ts';
import type { GuideLive } from '../../server/models/guide-live.ts';
import type { ModelEvent, ModelMessage, ModelRequest } from '../../server/models/provider.ts';

export const docsDir = join(import.meta.dirname, '../../docs');

export const state: GuideLive = {
  version: '9.8.7',
  uptimeMs: 7_500_000,
  url: 'ws://127.0.0.1:40404',
  bind: 'loopback',
  authMode: 'token',
  agents: [
    { id: 'main', model: 'builtin/guide', reason: 'no provider was found' },
    { id: 'writer', model: 'house/qwen', reason: 'agents.entries.writer.model' },
  ],
  sessions: 41,
  runs: { active: 2, queued: 5 },
  connections: 7,
  configPath: '/srv/oc/openclaw.json',
  configExists: true,
  stateDir: '/srv/oc',
  logFile: '/var/log/oc/today.log',
  memory: { rss: 77_000_000 },
  channels: [],
};

export const guide = createGuideProvider({ docsDir, live: () => state });
afterAll(() => guide.close());

export const user = (text: string): ModelMessage => ({ role: 'user', content: [{ type: 'text', text }] });
export const assistant = (text: string): ModelMessage => ({ role: 'assistant', content: [{ type: 'text', text }] });

export async function collect(request: ModelRequest, provider = guide, signal = new AbortController().signal) {
  const events: ModelEvent[] = [];
  for await (const event of provider.stream('guide', request, signal)) events.push(event);
  const text = events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
  return { events, text, last: events.at(-1) };
}

/** The answer to the first message of a conversation. */
export const ask = async (question: string) => (await collect({ messages: [user(question)] })).text;

/** The answer within a conversation, without the introduction. */
export const askOn = async (question: string, ...before: ModelMessage[]) =>
  (await collect({ messages: [user('hello'), assistant('Hello!'), ...before, user(question)] })).text;
