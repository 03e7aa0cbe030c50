import { token } from '../house.ts';

/*
 * What Open WebUI 0.6 to 0.9 sends to an OpenAI connection and what it reads from the answers, written down from
 * backend/open_webui/routers/openai.py, routers/tasks.py and utils/middleware.py.
 */

export interface WebUiMessage {
  role: string;
  content: unknown;
  tool_calls?: unknown;
  tool_call_id?: string;
}

/** A call of a tool as the program puts it together from deltas. */
export interface WebUiCall {
  id: string;
  type: string;
  index: number;
  function: { name: string; arguments: string };
}

/** What a person sees of one answer. */
export interface WebUiAnswer {
  text: string;
  thoughts: string;
  calls: WebUiCall[];
  usage: Record<string, number> | undefined;
  /** What stands in the red box. */
  error: string | undefined;
  isDone: boolean;
  /** The key of the session, which the program does not read. */
  key: string;
}

export interface WebUiOptions {
  chatId: string;
  model?: string;
  /** `ENABLE_FORWARD_USER_INFO_HEADERS`. Default true. */
  forwards?: boolean;
  /** The OpenAI URL of the connection. */
  url: string;
}

/** One chat of a person. */
export function openWebUi({ chatId, model = 'openclaw', forwards = true, url }: WebUiOptions) {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'Python/3.11 aiohttp/3.12.15',
    authorization: `Bearer ${token}`,
    ...(forwards && {
      'X-OpenWebUI-User-Name': 'Ann%20Ö.'.replace('Ö', '%C3%96'),
      'X-OpenWebUI-User-Id': 'b7a0a6e2-2f6e-4f1c-9a55-6b0f3f2f8f11',
      'X-OpenWebUI-User-Email': 'ann@example.org',
      'X-OpenWebUI-User-Role': 'admin',
      'X-OpenWebUI-Chat-Id': chatId,
    }),
  };
  const post = (body: object, signal?: AbortSignal) =>
    fetch(`${url}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null });

  return {
    /** The chat as it stands on the page. */
    messages: [] as WebUiMessage[],

    /** The list of models: of the connection's check, and of each loading of the page. */
    async models(): Promise<{ names: string[]; error: unknown }> {
      const answer = await fetch(`${url}/models`, { headers, signal: AbortSignal.timeout(10_000) });
      const response = (await answer.json()) as { data?: { id: string; name?: string }[]; error?: unknown };
      return { names: (response.data ?? []).map(({ id, name }) => name ?? id), error: response.error };
    },

    /** Asks with these messages and shows the answer. `metadata` is taken out before a request leaves the program. */
    async ask(
      messages: WebUiMessage[],
      more: Record<string, unknown> = {},
      signal?: AbortSignal,
    ): Promise<WebUiAnswer> {
      const answer = await post({ stream: true, model, messages, ...more }, signal);
      const key = answer.headers.get('x-openclaw-session-key') ?? '';
      if (answer.headers.get('content-type')?.includes('text/event-stream'))
        return { ...readStream(await answer.text()), key };
      const response = (await answer.json()) as Completion;
      return { ...toWhole(response), key };
    },

    /** Sends what a person typed, with everything before it. */
    async say(content: unknown, more: Record<string, unknown> = {}): Promise<WebUiAnswer> {
      this.messages.push({ role: 'user', content });
      const answer = await this.ask(this.messages, more);
      this.messages.push({ role: 'assistant', content: answer.text });
      return answer;
    },

    /** A task in the background: its prompt is one message, and the answer is not streamed. */
    async task(prompt: string, more: Record<string, unknown> = {}): Promise<{ content: string; key: string }> {
      const answer = await post({ model, messages: [{ role: 'user', content: prompt }], stream: false, ...more });
      const { choices } = (await answer.json()) as Completion;
      return {
        content: choices?.[0]?.message.content ?? '',
        key: answer.headers.get('x-openclaw-session-key') ?? '',
      };
    },

    /** The title: `max_completion_tokens` is sent as `max_tokens` where the address is not that of OpenAI. */
    async title(): Promise<string | undefined> {
      const { content } = await this.task(taskPrompt(titleTask, this.messages), { max_tokens: 1000 });
      return (readJson(content) as { title?: string } | undefined)?.title;
    },

    async tags(): Promise<string[] | undefined> {
      const { content } = await this.task(taskPrompt(tagsTask, this.messages));
      return (readJson(content) as { tags?: string[] } | undefined)?.tags;
    },

    async followUps(): Promise<string[] | undefined> {
      const { content } = await this.task(taskPrompt(followUpTask, this.messages));
      return (readJson(content) as { follow_ups?: string[] } | undefined)?.follow_ups;
    },
  };
}

export const titleTask = 'Name this chat in three to five words.';
export const tagsTask = 'Sort this chat under one to three broad tags.';
export const followUpTask = 'Offer three to five questions that could follow.';

/** In the form of its templates: headings, the end of the chat in a tag. */
export function taskPrompt(task: string, messages: readonly WebUiMessage[]): string {
  const told = messages.slice(-6).map(({ role, content }) => `${role.toUpperCase()}: ${String(content)}`);
  return `### Task:\n${task}\n### Output:\nJSON\n### Chat History:\n<chat_history>\n${told.join('\n')}\n</chat_history>`;
}

// --- internal ---

interface Completion {
  choices?: { message: { content: string | null; tool_calls?: WebUiCall[] } }[];
  usage?: Record<string, number>;
  error?: { message?: string } | string;
}

/** From the first brace to the last, as models like to put words around. */
function readJson(content: string): unknown {
  try {
    return JSON.parse(content.slice(content.indexOf('{'), content.lastIndexOf('}') + 1));
  } catch {
    return undefined;
  }
}

function toError(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const { message } = (error ?? {}) as { message?: string };
  return message ?? String(error);
}

function toWhole({ choices, usage, error }: Completion): Omit<WebUiAnswer, 'key'> {
  const message = choices?.[0]?.message;
  const calls = (message?.tool_calls ?? []).map((call, index) => ({ ...call, index }));
  return { text: message?.content ?? '', thoughts: '', calls, usage, error: toError(error), isDone: true };
}

/** Line by line; what is no `data:` line is passed over, and deltas of calls without an index are dropped. */
function readStream(stream: string): Omit<WebUiAnswer, 'key'> {
  const answer: Omit<WebUiAnswer, 'key'> = {
    text: '',
    thoughts: '',
    calls: [],
    usage: undefined,
    error: undefined,
    isDone: false,
  };
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data:')) continue;
    const data = line.slice('data:'.length).trim();
    if (data === '[DONE]') {
      answer.isDone = true;
      break;
    }
    const event = JSON.parse(data) as {
      error?: unknown;
      usage?: Record<string, number>;
      choices?: { delta?: Record<string, unknown> }[];
    };
    if (event.error) answer.error = toError(event.error);
    if (event.usage) answer.usage = { ...answer.usage, ...event.usage };
    const delta = event.choices?.[0]?.delta;
    if (!delta) continue;
    for (const call of (delta.tool_calls ?? []) as Partial<WebUiCall>[]) addCall(answer.calls, call);
    answer.thoughts += String(delta.reasoning_content ?? delta.reasoning ?? delta.thinking ?? '');
    answer.text += String(delta.content ?? '');
  }
  return { ...answer, text: answer.text.trim() };
}

function addCall(calls: WebUiCall[], delta: Partial<WebUiCall>): void {
  if (delta.index === undefined) return;
  const call = calls.find(({ index }) => index === delta.index);
  if (!call) {
    calls.push({ id: '', type: '', ...delta, function: { name: '', arguments: '', ...delta.function } } as WebUiCall);
    return;
  }
  if (delta.function?.name) call.function.name = delta.function.name;
  call.function.arguments += delta.function?.arguments ?? '';
}
