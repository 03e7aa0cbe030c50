import type { BindToolsInput } from '@langchain/core/language_models/chat_models';
import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { token } from '../house.ts';

/*
 * What LibreChat sends to a custom endpoint and what it reads from the answers, written down from packages/api/src/endpoints
 * (models.ts, openai/llm.ts, custom/initialize.ts) and from its package `@librechat/agents` (utils/title.ts). It uses LangChain.
 */

/** What a person sees of one answer. */
export interface LibreAnswer {
  text: string;
  calls: { id?: string | undefined; name: string; args: unknown }[];
  usage: { input: number; output: number } | undefined;
}

export interface LibreOptions {
  url: string;
  /** The account: a key of its database. */
  user: string;
  model?: string;
  /** `headers` of the endpoint in `librechat.yaml`, with their placeholders filled in. */
  headers?: Record<string, string>;
}

export function libreChat({ url, user, model = 'openclaw', headers = {} }: LibreOptions) {
  const configuration = { baseURL: url, defaultHeaders: headers };
  const common = { model, user, apiKey: token, maxRetries: 0, configuration };
  return {
    /** The names of models; a failure is noted in its log, and there are none then. */
    async models(withUser = false): Promise<string[]> {
      const address = new URL(`${url}/models`);
      if (withUser) address.searchParams.append('user', user);
      const signal = AbortSignal.timeout(5000);
      const answer = await fetch(address, { headers: { ...headers, authorization: `Bearer ${token}` }, signal });
      const { data } = (await answer.json()) as { data: { id: string }[] };
      return data.map(({ id }) => id);
    },

    async ask(
      messages: BaseMessage[],
      { tools = [], signal }: { tools?: BindToolsInput[]; signal?: AbortSignal } = {},
    ): Promise<LibreAnswer> {
      const llm = new ChatOpenAI({ ...common, streaming: true });
      const bound = tools.length > 0 ? llm.bindTools(tools) : llm;
      let whole: Awaited<ReturnType<typeof llm.invoke>> | undefined;
      for await (const chunk of await bound.stream(messages, { ...(signal && { signal }) }))
        whole = whole ? (whole as typeof chunk).concat(chunk) : chunk;
      const usage = whole?.usage_metadata;
      return {
        text: whole?.text ?? '',
        calls: (whole?.tool_calls ?? []).map(({ id, name, args }) => ({ id, name, args })),
        usage: usage && { input: usage.input_tokens, output: usage.output_tokens },
      };
    },

    /** `titleMethod: completion`: one message, not streamed. */
    async title(conversation: string): Promise<string> {
      const prompt = `Provide a concise, 5-word-or-less title for the conversation, using title case conventions. Only return the title itself.\n\nConversation:\n${conversation}`;
      const { text } = await new ChatOpenAI(common).invoke([new HumanMessage(prompt)]);
      return text.trim();
    },

    /** `titleMethod: structured`: the same with a schema, also for the language. */
    async structuredTitle(conversation: string): Promise<{ title: string }> {
      const prompt = `Analyze this conversation and provide:\n1. The detected language of the conversation\n2. A concise title in the detected language\n\n${conversation}`;
      const properties = { language: { type: 'string' }, title: { type: 'string' } };
      const schema = { type: 'object', properties, required: ['language', 'title'] };
      const llm = new ChatOpenAI(common).withStructuredOutput<{ title: string }>(schema);
      return llm.invoke([new HumanMessage(prompt)]);
    },
  };
}
