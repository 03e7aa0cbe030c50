/**
 * What models want to get back together with the tool calls they made (signed reasoning, thought signatures, reasoning text),
 * for as long as the process lives. Conversations on disk do not hold it; a model whose turn is forgotten only loses its train of thought.
 */
export interface TurnMemory<T> {
  remember(session: string | undefined, callIds: string[], value: T): void;
  recall(session: string | undefined, callId: string): T | undefined;
}

/** Keeps the newest turns: at most `maxTurns` calls and `maxChars` characters of JSON. */
export function createTurnMemory<T>({ maxTurns = 512, maxChars = 4 * 1024 * 1024 } = {}): TurnMemory<T> {
  const turns = new Map<string, { value: T; size: number }>();
  let chars = 0;
  const forget = (key: string) => {
    chars -= turns.get(key)?.size ?? 0;
    turns.delete(key);
  };
  return {
    remember(session, callIds, value) {
      const size = JSON.stringify(value).length;
      for (const id of callIds) {
        const key = keyOf(session, id);
        forget(key);
        turns.set(key, { value, size });
        chars += size;
      }
      for (const oldest of turns.keys()) {
        if (turns.size <= maxTurns && chars <= maxChars) break;
        forget(oldest);
      }
    },
    recall: (session, callId) => turns.get(keyOf(session, callId))?.value,
  };
}

function keyOf(session: string | undefined, callId: string): string {
  return `${session ?? ''}\n${callId}`;
}
