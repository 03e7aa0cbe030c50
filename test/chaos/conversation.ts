import type { HistoryPage } from '../../sdk/protocol/history.ts';
import type { Dice } from './dice.ts';
import { type Answer, ask, type Line } from './line.ts';

/** What was asked when the gateway died, so that it may have been done or not. */
type Doubt = { message: string } | { reset: true } | { abort: true } | { label: string } | undefined;

/** A client that talks in one session, one request after the other, and remembers what it was told. */
export interface Conversation {
  /** Goes on until the gateway is gone. @throws when it is told something that cannot be. */
  talk(line: Line): Promise<void>;
  /** Compares what is there with what was told. @returns what is wrong. */
  faults(line: Line): Promise<string[]>;
  /** Messages that were accepted, in all. */
  readonly accepted: number;
}

/** Queue modes are asked for once the gateway has them; without one a message waits for its turn. */
const queueModes = [undefined, undefined, 'followup', 'collect', 'steer', 'interrupt'] as const;

export function startConversation(name: string, dice: Dice): Conversation {
  const sessionKey = `agent:main:${name}`;
  /** Messages since the last reset, that have to be there once. */
  let told = new Set<string>();
  /** Messages that were withdrawn, perhaps before they had their turn: they need not be there. */
  const aborted = new Set<string>();
  /** All that were ever accepted: their keys never start anything again. */
  const keys: string[] = [];
  let label: string | undefined;
  let doubt: Doubt;
  let count = 0;

  const send = async (line: Line) => {
    const key = `[${name}-${++count}]`;
    doubt = { message: key };
    const queueMode = dice.pick(queueModes);
    const answer = await line.call('chat.send', { sessionKey, message: `say ${key}`, idempotencyKey: key, queueMode });
    if (settle(answer)) {
      accept(key);
      if (dice.below(3) === 0) await line.call('agent.wait', { runId: key, timeoutMs: 100 });
    }
  };
  const replay = async (line: Line) => {
    const key = keys[dice.below(keys.length)];
    if (key === undefined) return;
    const answer = await line.call('chat.send', { sessionKey, message: `say ${key}`, idempotencyKey: key });
    const { status } = (answer?.payload ?? {}) as { status?: string };
    if (answer?.ok && status === 'started') throw new Error(`${key} was started again`);
  };
  const rename = async (line: Line) => {
    if (!(await line.call('sessions.create', { key: sessionKey }))?.ok) return;
    const next = `${name} ${++count}`;
    doubt = { label: next };
    if (settle(await line.call('sessions.patch', { key: sessionKey, label: next }))) label = next;
  };
  const reset = async (line: Line) => {
    doubt = { reset: true };
    // A session that does not exist yet cannot be reset.
    const answer = await line.call('sessions.reset', { key: sessionKey });
    if (settle(answer) && answer?.ok) told = new Set();
  };
  const abort = async (line: Line) => {
    doubt = { abort: true };
    const answer = await line.call('sessions.abort', { key: sessionKey });
    const { abortedRunId } = (answer?.payload ?? {}) as { abortedRunId?: string | null };
    if (settle(answer) && abortedRunId) aborted.add(abortedRunId);
  };
  const compact = (line: Line) => line.call('sessions.compact', { key: sessionKey, maxLines: 1_000 });
  const acts = [send, send, send, send, send, send, replay, replay, rename, reset, abort, compact];

  /** Takes away the doubt when there was an answer. */
  const settle = (answer: Answer): boolean => {
    if (answer) doubt = undefined;
    return answer?.ok === true;
  };
  const accept = (key: string) => {
    told.add(key);
    keys.push(key);
  };

  return {
    get accepted() {
      return keys.length;
    },
    async talk(line) {
      // Every answer that is undefined means that the gateway is gone.
      while (await line.call('health')) await dice.pick(acts)(line);
    },
    async faults(line) {
      const { session } = await ask<{ session: { label?: string } | null }>(line, 'sessions.describe', {
        key: sessionKey,
      });
      const { found, answers } = await messagesOf(line, sessionKey);
      const faults: string[] = [];
      const missing = [...told].filter((key) => !found.has(key));
      if (doubt && 'reset' in doubt && missing.length === told.size) told = new Set();
      else
        for (const key of missing) {
          const end = await ask(line, 'agent.wait', { runId: key, timeoutMs: 10_000 });
          const isWithdrawn = end.stopReason === 'rpc' && (aborted.has(key) || (doubt && 'abort' in doubt));
          if (isWithdrawn) told.delete(key);
          else faults.push(`${key} was accepted and is not in ${sessionKey}: ${JSON.stringify(end)}`);
        }
      if (doubt && 'message' in doubt && found.has(doubt.message)) accept(doubt.message);
      for (const [key, times] of answers) if (times > 1) faults.push(`${key} is answered ${times} times`);
      for (const [key, times] of found) {
        if (times > 1) faults.push(`${key} is ${times} times in ${sessionKey}`);
        if (!told.has(key) && !aborted.has(key)) faults.push(`${key} is in ${sessionKey}, where it is not expected`);
      }
      if (doubt && 'label' in doubt && session?.label === doubt.label) label = doubt.label;
      if (session?.label !== label) faults.push(`${sessionKey} is called ${session?.label}, not ${label}`);
      doubt = undefined;
      return [...faults, ...(await unfinished(line, keys.slice(-30)))];
    },
  };
}

// --- internal ---

/** How often each message of a session stands in its transcript, and each whole answer. */
async function messagesOf(line: Line, sessionKey: string) {
  const found = new Map<string, number>();
  const answers = new Map<string, number>();
  const add = (to: Map<string, number>, text: string, mark: RegExp) => {
    for (const [, key = ''] of text.matchAll(mark)) to.set(key, (to.get(key) ?? 0) + 1);
  };
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const page: HistoryPage = await ask<HistoryPage>(line, 'chat.history', { sessionKey, limit: 1_000, offset });
    for (const { role, content } of page.messages) {
      const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
      if (role === 'user') add(found, text, /say (\[[\w-]+\])/g);
      if (role === 'assistant') add(answers, text, /answered (\[[\w-]+\])/g);
    }
    offset = page.nextOffset;
  }
  return { found, answers };
}

/** Runs that are neither finished nor marked as interrupted, though nobody works on them any more. */
async function unfinished(line: Line, runIds: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const runId of runIds) {
    const { status, stopReason } = await ask(line, 'agent.wait', { runId, timeoutMs: 10_000 });
    if (status === 'timeout' && stopReason === undefined) faults.push(`the run ${runId} has no end`);
  }
  return faults;
}
