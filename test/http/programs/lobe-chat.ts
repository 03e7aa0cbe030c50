import OpenAI from 'openai';
import { token } from '../house.ts';

/*
 * What the server of LobeChat sends to its provider `openai` and what it reads from the answers, written down from
 * packages/model-runtime/src/core: openaiCompatibleFactory, contextBuilders/openai.ts and streams/openai. It uses the
 * `openai` package.
 */

export type LobeMessage = OpenAI.ChatCompletionMessageParam;

/** What a person sees of one answer. */
export interface LobeAnswer {
  text: string;
  thoughts: string;
  calls: { id: string; name: string; arguments: string }[];
  usage: { input: number; output: number } | undefined;
}

export interface LobeOptions {
  url: string;
  /** The account; absent where nobody signs in. */
  user?: string;
  model?: string;
}

/** Words in names of models that are none for chats. */
const blocked = ['embedding', 'davinci', 'curie', 'moderation', 'ada', 'babbage', 'tts', 'whisper', 'dall-e'];

/** The parameters of an assistant that nobody has changed. */
const defaults = { frequency_penalty: 0, presence_penalty: 0, temperature: 1, top_p: 1 };

export function lobeChat({ url, user, model = 'openclaw' }: LobeOptions) {
  const client = new OpenAI({ apiKey: token, baseURL: url, maxRetries: 0 });
  const byUser = user === undefined ? {} : { user };
  return {
    async models(): Promise<string[]> {
      const { data } = await client.models.list();
      return data.map(({ id }) => id).filter((id) => blocked.every((word) => !id.toLowerCase().includes(word)));
    },

    /** One turn over chat completions. */
    async chat(messages: LobeMessage[], more: object = {}, signal?: AbortSignal): Promise<LobeAnswer> {
      const stream = await client.chat.completions.create(
        { model, messages, ...defaults, ...byUser, stream: true, stream_options: { include_usage: true }, ...more },
        { headers: { Accept: '*/*' }, signal },
      );
      const answer: LobeAnswer = { text: '', thoughts: '', calls: [], usage: undefined };
      for await (const chunk of stream) readChunk(answer, chunk);
      return answer;
    },

    /** One turn over the responses API, where the model is set to use it. It names no user there. */
    async respond(messages: LobeMessage[], more: object = {}): Promise<LobeAnswer> {
      const { temperature, top_p } = defaults;
      const stream = await client.responses.create({
        model,
        temperature,
        top_p,
        input: toInput(messages),
        store: false,
        stream: true,
        ...more,
      });
      const answer: LobeAnswer = { text: '', thoughts: '', calls: [], usage: undefined };
      for await (const event of stream) readEvent(answer, event);
      return answer;
    },

    /** A structured answer, as it asks for when a model is to fill in a form. */
    async object(messages: LobeMessage[], schema: { name: string; schema: Record<string, unknown> }): Promise<unknown> {
      const answer = await client.chat.completions.create({
        messages,
        model,
        response_format: { json_schema: schema, type: 'json_schema' },
        ...byUser,
      });
      return JSON.parse(answer.choices[0]?.message.content ?? '');
    },

    /** The title of a topic: the instruction says what is wanted, and the message quotes the conversation. */
    title(messages: LobeMessage[]): Promise<LobeAnswer> {
      const told = messages.map(({ role, content }) => `${role}: ${String(content)}`).join('\n');
      return this.chat([
        { content: titleInstruction, role: 'system' },
        { content: told, role: 'user' },
      ]);
    },
  };
}

const titleInstruction = `You are a professional conversation summarizer. Generate a concise title that captures the essence of the conversation.

Rules:
- Output ONLY the title text, no explanations or additional context`;

// --- internal ---

function readChunk(answer: LobeAnswer, { choices, usage }: OpenAI.ChatCompletionChunk): void {
  if (choices.length === 0) {
    if (usage) answer.usage = { input: usage.prompt_tokens, output: usage.completion_tokens };
    return;
  }
  const delta = choices[0]?.delta as
    | (OpenAI.ChatCompletionChunk.Choice.Delta & { reasoning_content?: string })
    | undefined;
  if (delta?.tool_calls?.length) {
    for (const { index, id, function: called } of delta.tool_calls) {
      const call = answer.calls[index];
      if (call) call.arguments += called?.arguments ?? '';
      else answer.calls[index] = { id: id ?? '', name: called?.name ?? '', arguments: called?.arguments ?? '' };
    }
    return;
  }
  // A delta with both is one of thoughts, unless those are empty.
  if (delta?.reasoning_content) answer.thoughts += delta.reasoning_content;
  else if (typeof delta?.content === 'string') answer.text += delta.content;
}

function readEvent(answer: LobeAnswer, event: OpenAI.Responses.ResponseStreamEvent): void {
  if (event.type === 'response.output_text.delta') answer.text += event.delta;
  else if (event.type === 'response.reasoning_summary_text.delta') answer.thoughts += event.delta;
  else if (event.type === 'response.output_item.added' && event.item.type === 'function_call')
    answer.calls.push({ id: event.item.call_id, name: event.item.name, arguments: event.item.arguments });
  else if (event.type === 'response.function_call_arguments.delta') {
    const call = answer.calls.at(-1);
    if (call) call.arguments += event.delta;
  } else if (event.type === 'response.completed' && event.response.usage)
    answer.usage = { input: event.response.usage.input_tokens, output: event.response.usage.output_tokens };
}

/** Calls lose their arguments on the way, which are the name of the tool; so they come. */
function toInput(messages: readonly LobeMessage[]): OpenAI.Responses.ResponseInput {
  return messages.flatMap((message): OpenAI.Responses.ResponseInput => {
    if (message.role === 'assistant' && message.tool_calls?.length)
      return message.tool_calls.flatMap((call) => {
        if (call.type !== 'function') return [];
        const { name } = call.function;
        return [{ arguments: name, call_id: call.id, name, type: 'function_call' as const }];
      });
    if (message.role === 'tool')
      return [{ call_id: message.tool_call_id, output: String(message.content), type: 'function_call_output' }];
    if (message.role === 'system') return [{ role: 'developer', content: String(message.content) }];
    return [message as OpenAI.Responses.EasyInputMessage];
  });
}
