/*
 * The pieces of an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html), as far as this one has them.
 */

export interface Reference {
  $ref: string;
}

export type JsonSchema = Record<string, unknown>;

export interface Content {
  schema: JsonSchema | Reference;
  examples?: Record<string, { summary: string; value: unknown }>;
}

export interface Answer {
  description: string;
  headers?: Record<string, Reference>;
  content?: Record<string, Content>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description: string;
  schema: JsonSchema;
  example?: unknown;
}

export interface Operation {
  operationId: string;
  tags: [string];
  summary: string;
  description?: string;
  /** Absent: the bearer is wanted. */
  security?: Record<string, string[]>[];
  parameters?: (Parameter | Reference)[];
  requestBody?: { required: true; description?: string; content: Record<string, Content> };
  responses: Record<string, Answer | Reference>;
}

/** Operations by path and method, in lower case as the document spells them. */
export type Paths = Record<string, Partial<Record<'get' | 'head' | 'post' | 'delete', Operation>>>;

export const schemaRef = (name: string): Reference => ({ $ref: `#/components/schemas/${name}` });
export const parameterRef = (name: string): Reference => ({ $ref: `#/components/parameters/${name}` });

/** Headers of every answer. */
const always = ['x-request-id', 'x-content-type-options'];

/** One answer with the headers that every answer has. */
export function answer(description: string, content?: Record<string, Content>, headers: string[] = []): Answer {
  const named = [...always, ...headers].map((name) => [name, { $ref: `#/components/headers/${name}` }]);
  return { description, headers: Object.fromEntries(named), ...(content && { content }) };
}

export const json = (name: string): Record<string, Content> => ({ 'application/json': { schema: schemaRef(name) } });

/** A body with examples that the route accepts as they stand. */
export function jsonBody(
  name: string,
  examples: Record<string, [summary: string, value: unknown]>,
): NonNullable<Operation['requestBody']> {
  const told = Object.entries(examples).map(([key, [summary, value]]) => [key, { summary, value }]);
  return {
    required: true,
    content: { 'application/json': { schema: schemaRef(name), examples: Object.fromEntries(told) } },
  };
}

const refusals = {
  400: 'The request is wrong; the message says where.',
  401: 'The bearer is missing or wrong.',
  403: 'Who asks may not do this.',
  404: 'There is nothing of that name.',
  405: 'Another method is wanted.',
  408: 'The body did not arrive.',
  413: 'The body is too large.',
  415: 'The body is announced as something that is not read here.',
  429: 'Too many failed attempts to prove who asks, or the provider of the model has no more to give; wait.',
  500: "The gateway failed; its log has the answer's `x-request-id`.",
  502: 'The provider of the model failed.',
  503: 'The gateway is going down or has too much to do; try again.',
  504: 'The provider or the tool did not answer in time.',
} as const;

export type RefusalStatus = keyof typeof refusals;
const refusalStatuses = Object.keys(refusals).map(Number) as RefusalStatus[];

const headersOf: Partial<Record<RefusalStatus, string[]>> = {
  401: ['www-authenticate'],
  405: ['allow'],
  429: ['retry-after'],
  503: ['retry-after'],
};

/** Refusals with a body of one shape; the document has each combination once. */
export function refuseWith(statuses: readonly RefusalStatus[], shape: RefusalShape): Record<string, Reference> {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${toRefusalName(status, shape)}` }]),
  );
}

/** What {@link refuseWith} refers to. */
export function sharedRefusals(): Record<string, Answer> {
  const all = refusalShapes.flatMap((shape) =>
    refusalStatuses.map((status) => [
      toRefusalName(status, shape),
      answer(refusals[status], json(shape), headersOf[status]),
    ]),
  );
  return Object.fromEntries(all);
}

const refusalShapes = ['Error', 'ToolsRefusal', 'RpcRefusal', 'HookRefusal'] as const;
type RefusalShape = (typeof refusalShapes)[number];
const toRefusalName = (status: RefusalStatus, shape: RefusalShape) => `${shape}${status}`;

/** Refusals that every route has which wants to know who asks. */
export const guarded: readonly RefusalStatus[] = [401, 403, 405, 429, 500];
/** The same of a route that takes a body. */
export const withBody: readonly RefusalStatus[] = [...guarded, 400, 408, 413, 415];
