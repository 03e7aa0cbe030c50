import {
  answer,
  guarded,
  json,
  jsonBody,
  type Operation,
  type Paths,
  parameterRef,
  type RefusalStatus,
  refuseWith,
  schemaRef,
  withBody,
} from './operation.ts';

/* The routes of OpenAI's API. */

/** What a provider's failure adds. */
const withModel: RefusalStatus[] = [...withBody, 404, 502, 503, 504];
const refusals = (statuses: readonly RefusalStatus[]) => refuseWith(statuses, 'Error');

const question = [{ role: 'user', content: 'What is the tallest mountain?' }];
const weather = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const conversation = ['x-openclaw-agent-id', 'x-openclaw-model', 'x-openclaw-session-key', 'x-openwebui-chat-id'];
const model = {
  name: 'model',
  in: 'path' as const,
  required: true,
  description: 'An id of the list; its slash may be escaped.',
  schema: { type: 'string' },
  example: 'openclaw/default',
};

const chat: Operation = {
  operationId: 'createChatCompletion',
  tags: ['OpenAI'],
  summary: 'Say something to an agent, with the conversation in the body.',
  description:
    'As OpenAI documents it. Each request is a conversation of its own, unless `user`, a header or `metadata.chat_id` names one. Unknown members are ignored.',
  parameters: conversation.map(parameterRef),
  requestBody: jsonBody('ChatCompletionRequest', {
    whole: ['One answer', { model: 'openclaw', messages: question }],
    streamed: [
      'A stream, with usage',
      { model: 'openclaw', messages: question, stream: true, stream_options: { include_usage: true } },
    ],
    tools: [
      'With a tool of the caller',
      {
        model: 'openclaw',
        messages: [{ role: 'user', content: 'How is the weather in Bern?' }],
        tools: [{ type: 'function', function: { name: 'weather', description: 'Look it up.', parameters: weather } }],
      },
    ],
  }),
  responses: {
    200: answer(
      'The whole answer; or, with `stream: true`, server-sent events: each `data:` line is one chunk or, when the answer breaks off, one `Error`. `data: [DONE]` is the last line.',
      {
        ...json('ChatCompletion'),
        'text/event-stream': { schema: { oneOf: [schemaRef('ChatCompletionChunk'), schemaRef('Error')] } },
      },
      ['x-openclaw-session-key'],
    ),
    ...refusals(withModel),
  },
};

const responses: Operation = {
  operationId: 'createResponse',
  tags: ['OpenAI'],
  summary: 'Say something to an agent, as OpenAI’s newer API has it.',
  description: 'As OpenAI documents it. `previous_response_id` goes on with the conversation of that response.',
  parameters: conversation.map(parameterRef),
  requestBody: jsonBody('ResponseRequest', {
    whole: ['One answer', { model: 'openclaw', input: 'What is the tallest mountain?' }],
    streamed: ['A stream', { model: 'openclaw', input: question, stream: true }],
    tools: [
      'With a tool of the caller',
      {
        model: 'openclaw',
        input: 'How is the weather in Bern?',
        tools: [{ type: 'function', name: 'weather', parameters: weather, strict: true }],
      },
    ],
  }),
  responses: {
    200: answer(
      'The whole answer; or, with `stream: true`, server-sent events whose `event:` is the `type` of the JSON in `data:`. `data: [DONE]` is the last line.',
      { ...json('Response'), 'text/event-stream': { schema: schemaRef('ResponseEvent') } },
      ['x-openclaw-session-key'],
    ),
    ...refusals(withModel),
  },
};

const embeddings: Operation = {
  operationId: 'createEmbeddings',
  tags: ['OpenAI'],
  summary: 'Turn texts into vectors.',
  parameters: ['x-openclaw-agent-id', 'x-openclaw-model'].map(parameterRef),
  requestBody: jsonBody('EmbeddingsRequest', {
    one: ['One text', { model: 'openclaw', input: 'The quick brown fox' }],
    many: ['Several, as base64', { model: 'openclaw', input: ['one', 'two'], encoding_format: 'base64' }],
  }),
  responses: {
    200: answer('The vectors, in the order of the texts.', json('Embeddings'), ['x-openclaw-model']),
    ...refusals(withModel),
  },
};

export const openAiPaths: Paths = {
  '/v1/models': {
    get: {
      operationId: 'listModels',
      tags: ['OpenAI'],
      summary: 'List the names that agents answer to.',
      responses: { 200: answer('The names.', json('ModelList')), ...refusals(guarded) },
    },
  },
  '/v1/models/{model}': {
    get: {
      operationId: 'retrieveModel',
      tags: ['OpenAI'],
      summary: 'Describe one of these names.',
      parameters: [model],
      responses: { 200: answer('The name.', json('Model')), ...refusals([...guarded, 404]) },
    },
  },
  '/v1/chat/completions': { post: chat },
  '/v1/responses': { post: responses },
  '/v1/embeddings': { post: embeddings },
};
