import type { ModelApi } from '../server/config/provider-config.ts';

/** How one API writes its answers on the wire. */
export interface Dialect {
  api: ModelApi;
  /** Path of the base URL. */
  base: string;
  /** Path and query of a streamed call of `model-1`. */
  path: string;
  type: string;
  /** Header that carries the key `key-of-the-test`, and its value. */
  credential: [string, string];
  /** Where the body holds the limit of tokens that was asked for. */
  limit: (body: never) => unknown;
  /** A whole answer of "Hello", " world" that read 7 tokens and wrote 3. */
  text: string[];
  /** Place in `text` behind the first delta. */
  begun: number;
  /** A whole answer that calls `look` with `{"at":"sky"}`. */
  call: string[];
  /** An error inside a stream that has begun. */
  broken: string[];
  /** The body of a refusal that echoes the key. */
  refusal: unknown;
}

const sse = (...events: unknown[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
const named = (...events: { type: string }[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
const lines = (...objects: unknown[]) => objects.map((object) => `${JSON.stringify(object)}\n`);

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'model-1',
  choices: [{ index: 0, delta, finish_reason }],
});
const chatUsage = {
  prompt_tokens: 7,
  completion_tokens: 3,
  total_tokens: 10,
  prompt_tokens_details: { cached_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 1 },
};
const chatEnd = (reason: string) => [
  ...sse(chunk({}, reason), { ...chunk({}), choices: [], usage: chatUsage }),
  'data: [DONE]\n\n',
];

const completions: Dialect = {
  api: 'openai-completions',
  base: '/v1',
  path: '/v1/chat/completions',
  type: 'text/event-stream',
  credential: ['authorization', 'Bearer key-of-the-test'],
  limit: (body: { max_tokens: unknown }) => body.max_tokens,
  text: [
    ...sse(chunk({ role: 'assistant', content: '' }), chunk({ content: 'Hello' }), chunk({ content: ' world' })),
    ...chatEnd('stop'),
  ],
  begun: 2,
  call: [
    ...sse(
      chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"at":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"sky"}' } }] }),
    ),
    ...chatEnd('tool_calls'),
  ],
  broken: sse(chunk({ content: 'Hello' }), { error: { message: 'the backend fell over', code: 502 } }),
  refusal: {
    error: {
      message: 'Incorrect API key provided: key-of-the-test.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    },
  },
};

const response = (status: string, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status,
  model: 'model-1',
  output: [],
  error: null,
  incomplete_details: null,
  ...more,
});
const responsesUsage = {
  input_tokens: 7,
  input_tokens_details: { cached_tokens: 2 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 10,
};
const created = { type: 'response.created', sequence_number: 0, response: response('in_progress') };
const completed = {
  type: 'response.completed',
  sequence_number: 9,
  response: response('completed', { usage: responsesUsage }),
};
const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] };
const textDelta = (delta: string) => ({
  type: 'response.output_text.delta',
  item_id: 'msg_1',
  output_index: 0,
  content_index: 0,
  delta,
});
const functionCall = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look' };

const responses: Dialect = {
  api: 'openai-responses',
  base: '/v1',
  path: '/v1/responses',
  type: 'text/event-stream',
  credential: ['authorization', 'Bearer key-of-the-test'],
  limit: (body: { max_output_tokens: unknown }) => body.max_output_tokens,
  text: named(
    created,
    { type: 'response.output_item.added', output_index: 0, item: message } as { type: string },
    textDelta('Hello'),
    textDelta(' world'),
    { type: 'response.output_item.done', output_index: 0, item: { ...message, status: 'completed' } } as {
      type: string;
    },
    completed,
  ),
  begun: 3,
  call: named(
    created,
    { type: 'response.output_item.added', output_index: 0, item: { ...functionCall, arguments: '' } } as {
      type: string;
    },
    { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 0, delta: '{"at":"sky"}' } as {
      type: string;
    },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { ...functionCall, arguments: '{"at":"sky"}', status: 'completed' },
    } as { type: string },
    completed,
  ),
  broken: named(
    created,
    { type: 'response.output_item.added', output_index: 0, item: message } as { type: string },
    textDelta('Hello'),
    {
      type: 'response.failed',
      sequence_number: 5,
      response: response('failed', { error: { code: 'server_error', message: 'the backend fell over' } }),
    } as { type: string },
  ),
  refusal: completions.refusal,
};

const messageStart = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'model-1',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 5, cache_read_input_tokens: 2, cache_creation_input_tokens: 0, output_tokens: 1 },
  },
};
const block = (content_block: unknown) => ({ type: 'content_block_start', index: 0, content_block });
const blockDelta = (delta: unknown) => ({ type: 'content_block_delta', index: 0, delta });
const blockStop = { type: 'content_block_stop', index: 0 };
const messageEnd = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
];

const anthropic: Dialect = {
  api: 'anthropic-messages',
  base: '',
  path: '/v1/messages',
  type: 'text/event-stream',
  credential: ['x-api-key', 'key-of-the-test'],
  limit: (body: { max_tokens: unknown }) => body.max_tokens,
  text: named(
    messageStart,
    block({ type: 'text', text: '' }),
    blockDelta({ type: 'text_delta', text: 'Hello' }),
    { type: 'ping' },
    blockDelta({ type: 'text_delta', text: ' world' }),
    blockStop,
    ...messageEnd('end_turn'),
  ),
  begun: 3,
  call: named(
    messageStart,
    block({ type: 'tool_use', id: 'call_1', name: 'look', input: {} }),
    blockDelta({ type: 'input_json_delta', partial_json: '{"at":' }),
    blockDelta({ type: 'input_json_delta', partial_json: '"sky"}' }),
    blockStop,
    ...messageEnd('tool_use'),
  ),
  broken: named(messageStart, block({ type: 'text', text: '' }), blockDelta({ type: 'text_delta', text: 'Hello' }), {
    type: 'error',
    error: { type: 'overloaded_error', message: 'the backend fell over' },
  } as { type: string }),
  refusal: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key: key-of-the-test' } },
};

const candidate = (parts: unknown[], finishReason?: string) => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
  ...(finishReason && {
    usageMetadata: {
      promptTokenCount: 7,
      cachedContentTokenCount: 2,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 1,
      totalTokenCount: 10,
    },
  }),
});

const google: Dialect = {
  api: 'google-generative-ai',
  base: '/v1beta',
  path: '/v1beta/models/model-1:streamGenerateContent?alt=sse',
  type: 'text/event-stream',
  credential: ['x-goog-api-key', 'key-of-the-test'],
  limit: (body: { generationConfig: { maxOutputTokens: unknown } }) => body.generationConfig.maxOutputTokens,
  text: sse(candidate([{ text: 'Hello' }]), candidate([{ text: ' world' }], 'STOP')),
  begun: 1,
  call: sse(candidate([{ functionCall: { name: 'look', args: { at: 'sky' } } }], 'STOP')),
  broken: sse(candidate([{ text: 'Hello' }]), {
    error: { code: 503, status: 'UNAVAILABLE', message: 'the backend fell over' },
  }),
  refusal: {
    error: {
      code: 400,
      message: 'API key not valid: key-of-the-test',
      status: 'INVALID_ARGUMENT',
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
    },
  },
};

const line = (message: object) => ({ model: 'model-1', created_at: '2026-11-22T00:00:00Z', message, done: false });
const lastLine = {
  model: 'model-1',
  created_at: '2026-11-22T00:00:00Z',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 7,
  eval_count: 3,
};

const ollama: Dialect = {
  api: 'ollama',
  base: '',
  path: '/api/chat',
  type: 'application/x-ndjson',
  credential: ['authorization', 'Bearer key-of-the-test'],
  limit: (body: { options: { num_predict: unknown } }) => body.options.num_predict,
  text: lines(line({ role: 'assistant', content: 'Hello' }), line({ role: 'assistant', content: ' world' }), lastLine),
  begun: 1,
  call: lines(
    line({ role: 'assistant', content: '', tool_calls: [{ function: { name: 'look', arguments: { at: 'sky' } } }] }),
    lastLine,
  ),
  broken: lines(line({ role: 'assistant', content: 'Hello' }), { error: 'the backend fell over' }),
  refusal: { error: 'unauthorized: key-of-the-test' },
};

export const dialects: readonly Dialect[] = [completions, responses, anthropic, google, ollama];
