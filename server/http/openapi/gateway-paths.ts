import {
  answer,
  guarded,
  json,
  jsonBody,
  type Operation,
  type Paths,
  type RefusalStatus,
  refuseWith,
  withBody,
} from './operation.ts';

/* The gateway's own routes. */

/** Who is not known is told so in one shape everywhere; what else goes wrong has the shape of the route. */
const unknown: RefusalStatus[] = [401, 429];
const refusals = (statuses: readonly RefusalStatus[], shape: 'ToolsRefusal') => ({
  ...refuseWith(
    statuses.filter((status) => !unknown.includes(status)),
    shape,
  ),
  ...refuseWith(unknown, 'Error'),
});

const tools: Operation = {
  operationId: 'invokeTool',
  tags: ['Tools'],
  summary: 'Call one tool, without a model.',
  description:
    'By the policy of the agent, and by `gateway.tools`: tools that write or run something are refused here unless it allows them. Needs `operator.write`.',
  requestBody: jsonBody('ToolsRequest', {
    list: ['List agents', { tool: 'agents_list' }],
    sessions: ['List conversations', { tool: 'sessions_list', args: { limit: 5 }, agentId: 'main' }],
  }),
  responses: {
    200: answer('What the tool answered.', json('ToolsAnswer')),
    ...refusals([...withBody, 404, 503, 504], 'ToolsRefusal'),
  },
};

const method = {
  name: 'method',
  in: 'path' as const,
  required: true,
  description: 'A method of the contract, for example `agents.list`; several of a batch are separated by commas.',
  schema: { type: 'string' },
  example: 'agents.list',
};
const input = {
  name: 'input',
  in: 'query' as const,
  description: "The method's input as JSON.",
  schema: { type: 'string', contentMediaType: 'application/json' },
};
const batch = {
  name: 'batch',
  in: 'query' as const,
  description: '`1`: several methods at once; input and answer are by number.',
  schema: { const: '1' },
};
const rpcRefusals = refuseWith([...withBody, 404, 503, 504], 'RpcRefusal');

/** What `/rpc` answers is too wide for one schema: the page of the protocol has every method. */
const rpcAnswer = (what: string) => answer(what, json('RpcAnswer'));

const rpc: Paths[string] = {
  get: {
    operationId: 'queryMethod',
    tags: ['RPC'],
    summary: 'Ask something of the contract, or subscribe to an event.',
    description: 'tRPC over HTTP: queries, and `events.*` as server-sent events. Each method wants its own scope.',
    parameters: [method, input, batch],
    responses: { 200: rpcAnswer('What the method answers.'), ...rpcRefusals },
  },
  post: {
    operationId: 'callMethod',
    tags: ['RPC'],
    summary: 'Change something by the contract.',
    parameters: [{ ...method, example: 'sessions.create' }, batch],
    requestBody: {
      required: true,
      description: "The method's input.",
      content: {
        'application/json': {
          schema: { description: "The method's input." },
          examples: { make: { summary: 'Make a conversation', value: { key: 'main' } } },
        },
      },
    },
    responses: { 200: rpcAnswer('What the method answers.'), ...rpcRefusals },
  },
};

/** A probe, which is for everybody. */
function probe(id: string, summary: string, { shape, red }: { shape: string; red?: string }): Paths[string] {
  const operation = (operationId: string, body?: ReturnType<typeof json>): Operation => ({
    operationId,
    tags: ['Probes'],
    summary,
    security: [],
    responses: {
      200: answer('It is so.', body, ['cache-control']),
      ...(red && { 503: answer(red, body, ['cache-control']) }),
      ...refuseWith([405, 500], 'Error'),
    },
  });
  return { get: operation(id, json(shape)), head: operation(`${id}Head`) };
}

const live = (id: string) => probe(id, 'Is the gateway alive?', { shape: 'Live' });
const ready = (id: string) =>
  probe(id, 'Is the gateway ready, and what is not?', { shape: 'Ready', red: 'Not ready.' });
const started = (id: string) => probe(id, 'Is start-up over?', { shape: 'Started', red: 'Not started.' });

const metrics = (operationId: string, hasBody: boolean): Operation => ({
  operationId,
  tags: ['Metrics'],
  summary: 'Figures for Prometheus.',
  description: 'On this machine without the bearer.',
  security: [{}, { bearer: [] }],
  responses: {
    200: answer("Prometheus' text format.", hasBody ? { 'text/plain': { schema: { type: 'string' } } } : undefined, [
      'cache-control',
    ]),
    ...refuseWith([...guarded, 404], 'Error'),
  },
});

export const gatewayPaths: Paths = {
  '/tools/invoke': { post: tools },
  '/rpc/{method}': rpc,
  '/healthz': live('live'),
  '/health': live('liveAlias'),
  '/readyz': ready('ready'),
  '/ready': ready('readyAlias'),
  '/startupz': started('started'),
  '/startup': started('startedAlias'),
  '/metrics': { get: metrics('scrape', true), head: metrics('scrapeHead', false) },
  '/openapi.json': {
    get: {
      operationId: 'describeApi',
      tags: ['Description'],
      summary: 'This document.',
      description: 'On this machine without the bearer.',
      security: [{}, { bearer: [] }],
      responses: {
        200: answer('The document.', {
          'application/json': { schema: { type: 'object', required: ['openapi', 'paths'] } },
        }),
        ...refuseWith(guarded, 'Error'),
      },
    },
  },
};
