import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { z } from 'zod';
import {
  answer,
  guarded,
  json,
  type Operation,
  type Parameter,
  type Paths,
  type RefusalStatus,
  refuseWith,
} from './operation.ts';

/* Responses that are kept. */

const inputPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input_text'), text: z.string() }),
  z.object({
    type: z.literal('input_image'),
    detail: z.literal('auto'),
    file_id: z.null(),
    image_url: z.string().describe('A `data:` URL.'),
  }),
]);

const inputItem = z.discriminatedUnion('type', [
  z.object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('user'),
    status: z.literal('completed'),
    content: z.array(inputPart),
  }),
  z.object({
    id: z.string(),
    type: z.literal('function_call_output'),
    status: z.literal('completed'),
    call_id: z.string(),
    output: z.string(),
  }),
]) satisfies z.ZodType<ResponseInputItem>;

export const InputItemsAnswer = z.object({
  object: z.literal('list'),
  data: z.array(inputItem),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

export const DeletedAnswer = z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) });

const id: Parameter = {
  name: 'response_id',
  in: 'path',
  required: true,
  description: 'The `id` of a response.',
  schema: { type: 'string' },
  example: 'resp_00000000000000000000000000000000',
};

const page: Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'Items of one page.',
    schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
  },
  {
    name: 'order',
    in: 'query',
    description: 'Newest or oldest first.',
    schema: { type: 'string', enum: ['desc', 'asc'], default: 'desc' },
  },
  { name: 'after', in: 'query', description: 'The `last_id` of the page before.', schema: { type: 'string' } },
];

const refusals = (...more: RefusalStatus[]) => refuseWith([...guarded, 404, ...more], 'Error');

const operation = (
  operationId: string,
  summary: string,
  rest: Pick<Operation, 'responses' | 'parameters'>,
): Operation => ({
  operationId,
  tags: ['OpenAI'],
  summary,
  ...rest,
  parameters: [id, ...(rest.parameters ?? [])],
});

export const storedPaths: Paths = {
  '/v1/responses/{response_id}': {
    get: operation('retrieveResponse', 'Read a response again, as it was answered or as far as it has got.', {
      responses: { 200: answer('The response.', json('Response')), ...refusals(400) },
    }),
    delete: operation('deleteResponse', 'Forget a response. Its messages stay with the session.', {
      responses: { 200: answer('It is forgotten.', json('DeletedResponse')), ...refusals() },
    }),
  },
  '/v1/responses/{response_id}/input_items': {
    get: operation('listInputItems', 'List what a response was given, besides the conversation before it.', {
      parameters: page,
      responses: { 200: answer('One page.', json('InputItems')), ...refusals(400) },
    }),
  },
  '/v1/responses/{response_id}/cancel': {
    post: operation('cancelResponse', 'Refused: there are no background responses. Close the request to stop one.', {
      responses: refusals(400, 413),
    }),
  },
};
