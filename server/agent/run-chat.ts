import type { ChatEvent } from '../../sdk/protocol/chat-event.ts';
import { toSnapshot } from './run-events.ts';

type Unaddressed<E> = E extends unknown ? Omit<E, 'runId' | 'sessionKey' | 'agentId' | 'seq'> : never;

/** The `chat` side of a run: says what is new of the reply, without blanks before it. */
export interface RunChat {
  say(event: Unaddressed<ChatEvent>): void;
  /** @param reply the text so far. */
  tell(reply: string): void;
}

export function createRunChat(say: (event: Unaddressed<ChatEvent>) => void): RunChat {
  let told = '';
  return {
    say,
    tell(reply) {
      const text = reply.trimStart();
      if (text.length <= told.length) return;
      const deltaText = text.slice(told.length);
      told = text;
      say({ state: 'delta', deltaText, message: toSnapshot(text) });
    },
  };
}
