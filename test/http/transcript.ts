import type { House } from './house.ts';

/** The conversation as a person reads it: `who: what`, with the kind of a row that has one; markers are `-- kind`. */
export function readTranscript({ rooms }: Pick<House, 'rooms'>, key: string): string[] {
  const { messages } = rooms.sessions.page(key, { limit: 200, offset: 0, maxChars: 100_000 });
  return messages.map(({ role, content, __openclaw: { kind }, toolCallId }) => {
    if (role === 'system') return `-- ${kind}`;
    const said = content.map((part) => {
      if (part.type === 'text') return part.text;
      return part.type === 'toolCall' ? `[call ${part.id}]` : `[${part.type}]`;
    });
    const who = toolCallId === undefined ? role : `result of ${toolCallId}`;
    return `${who}: ${said.join('')}${kind ? ` (${kind})` : ''}`;
  });
}

/** What a model was told in a call, from the first on: `role: text`. */
export function readAsked({ rooms }: Pick<House, 'rooms'>, call: number): string[] {
  const request = rooms.models.requests.at(call);
  return (request?.messages ?? []).map((message) => {
    if (message.role === 'system') return `system: ${message.text}`;
    if (message.role === 'tool') return `tool: ${message.output}`;
    const said = message.content.map((part) => {
      if (part.type === 'text') return part.text;
      return part.type === 'toolCall' ? `[call ${part.id}]` : '[image]';
    });
    return `${message.role}: ${said.join('')}`;
  });
}

/** The key of the session that an answer names. */
export const keyOf = (response: Response): string => response.headers.get('x-openclaw-session-key') ?? '';

/** One dot, as programs send images. */
export const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
