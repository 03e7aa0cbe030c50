import { z } from 'zod';
import { refuse } from '../failure.ts';
import type { ChatBody, ChatBodyMessage } from './chat-body.ts';
import { functionFields, optional, tools } from './fields.ts';

/*
 * What came before tools, and what older clients still send: `functions`, `function_call`, messages of the role `function`.
 * They become tools here; the answer to whoever sent `functions` is a `function_call` again.
 */

export const legacyFields = {
  functions: tools(z.object(functionFields)),
  function_call: optional(z.union([z.enum(['auto', 'none']), z.object({ name: z.string().min(1) })])),
};

/** A call in a message of the assistant. It has no id. */
export const legacyCall = z.object({ name: z.string().min(1), arguments: z.string() });

/** The result of the call before it. */
export const legacyResult = z.object({
  role: z.literal('function'),
  name: z.string().min(1),
  content: optional(z.string()),
});

/** True when the caller reads `function_call` in the answer. */
export const wantsFunctionCall = ({ functions }: Pick<ChatBody, 'functions'>): boolean => (functions?.length ?? 0) > 0;

/** The same body with tools in place of functions. @throws GatewayError that leaves as 400 when it has both. */
export function withoutFunctions(body: ChatBody): ChatBody {
  const { functions = [], function_call: choice } = body;
  const messages = toToolMessages(body.messages);
  if (functions.length === 0) return { ...body, messages };
  if (body.tools?.length) throw refuse(400, 'functions: send tools or functions, not both', { param: 'functions' });
  return {
    ...body,
    messages,
    tools: functions.map((each) => ({ type: 'function', function: each })),
    tool_choice: typeof choice === 'object' ? { type: 'function', function: choice } : choice,
    // The older answer has room for one call.
    parallel_tool_calls: false,
  };
}

function toToolMessages(messages: readonly ChatBodyMessage[]): ChatBodyMessage[] {
  const open = new Map<string, string>();
  return messages.map((message, index) => {
    if (message.role === 'assistant' && message.function_call) {
      const { name, arguments: input } = message.function_call;
      const id = `call_function_${index}`;
      open.set(name, id);
      const call = { id, type: 'function' as const, function: { name, arguments: input } };
      return { ...message, tool_calls: [...(message.tool_calls ?? []), call] };
    }
    if (message.role !== 'function') return message;
    const id = open.get(message.name);
    if (id !== undefined) return { role: 'tool', tool_call_id: id, content: message.content ?? '' };
    throw refuse(400, `messages[${index}]: no earlier message has a function_call of "${message.name}"`, {
      param: `messages[${index}].name`,
    });
  });
}
