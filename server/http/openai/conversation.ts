import type { RunInput } from '../../agent/runs.ts';
import type { ModelMessage, UserPart } from '../../models/provider.ts';

/** A body's messages, as a run takes them. */
export type Conversation = Pick<RunInput, 'content' | 'toolResults' | 'history' | 'extraSystemPrompt'>;

type ToolMessage = Extract<ModelMessage, { role: 'tool' }>;

/**
 * Splits a conversation into what is new and what came before.
 *
 *   system* | earlier turns ............... | tool results | the user's last message
 *   -> extraSystemPrompt  -> history          -> toolResults  -> content
 *
 * Without earlier turns there is no `history`: then what the session holds comes before.
 */
export function toConversation(messages: readonly ModelMessage[]): Conversation {
  const system = messages.filter((message) => message.role === 'system').map(({ text }) => text);
  const turns = messages.filter((message) => message.role !== 'system');
  // Instructions alone are a question too: some clients send nothing else.
  if (turns.length === 0) return toQuestion(system);

  const last = turns.at(-1);
  const content = last?.role === 'user' ? last.content : [];
  const before = last?.role === 'user' ? turns.slice(0, -1) : turns;
  const firstResult = before.findLastIndex((message) => message.role !== 'tool') + 1;
  const toolResults = before.slice(firstResult) as ToolMessage[];
  const history = before.slice(0, firstResult);
  return {
    content,
    ...(toolResults.length > 0 && { toolResults }),
    ...(history.length > 0 && { history }),
    ...(system.length > 0 && { extraSystemPrompt: system.join('\n\n') }),
  };
}

/** Plain text as the one part of a message. */
export function textPart(text: string): UserPart[] {
  return [{ type: 'text', text }];
}

function toQuestion(system: readonly string[]): Conversation {
  const extraSystemPrompt = system.slice(0, -1).join('\n\n');
  return { content: textPart(system.at(-1) ?? ''), ...(extraSystemPrompt && { extraSystemPrompt }) };
}
