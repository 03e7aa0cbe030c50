import { z } from 'zod';
import type { HookCompletion } from '../../hooks/hooks.ts';
import { answer, json, jsonBody, type Operation, type Paths, type RefusalStatus, refuseWith } from './operation.ts';

/* What other programs send, below `hooks.path`, with a token or a signature of their own (docs/hooks.md). */

const runId = z.string().describe('Of the run; `/rpc/agent.wait` tells its end.');

/** What a hook answers: what it began is on disk. */
export const HookAnswer = z.object({
  ok: z.literal(true),
  runId: runId.optional(),
  mode: z.enum(['now', 'next-heartbeat']).optional().describe('Of a wake.'),
  eventOutcome: z.enum(['queued', 'coalesced']).optional().describe('Of a wake.'),
  completion: z
    .object({ status: z.enum(['ok', 'error']), replyDisposition: z.enum(['visible', 'empty']) })
    .optional()
    .describe('With `waitForCompletion`.') satisfies z.ZodType<HookCompletion | undefined>,
  runIds: z.array(z.string()).optional().describe('Of a mapping that made several.'),
  dispatched: z.int().optional().describe('How many a mapping made, when there were several.'),
});

export const HookRefusal = z.object({
  ok: z.literal(false),
  error: z.string(),
  runIds: z.array(z.string()).optional().describe('503: what was begun all the same.'),
  errors: z.array(z.string()).optional().describe('503: why the rest was not.'),
});

const statuses: RefusalStatus[] = [400, 401, 404, 405, 408, 413, 429, 500, 503];

const key = {
  name: 'idempotency-key',
  in: 'header' as const,
  description: 'The same key again answers the same, for a week.',
  schema: { type: 'string', maxLength: 256 },
};

const hook = (
  operationId: string,
  summary: string,
): Pick<Operation, 'operationId' | 'tags' | 'summary' | 'security'> => ({
  operationId,
  tags: ['Hooks'],
  summary,
  security: [{ hookToken: [] }, { hookHeader: [] }],
});

const begun = answer('It is accepted and on disk.', json('HookAnswer'));

const wake: Operation = {
  ...hook('wakeAgent', 'Tell an agent of something.'),
  parameters: [key],
  requestBody: jsonBody('HookWakeRequest', {
    now: ['At once', { text: 'The import is done', mode: 'now' }],
    later: ['With the next run', { text: 'The import has begun', mode: 'next-heartbeat' }],
  }),
  responses: { 200: begun, ...refuseWith(statuses, 'HookRefusal') },
};

const agent: Operation = {
  ...hook('runAgentByHook', 'Let an agent do something.'),
  parameters: [key],
  requestBody: jsonBody('HookAgentRequest', {
    whole: ['A run', { message: 'Summarise the sample import in one line.', name: 'Import' }],
    waiting: ['Answered when it has ended', { message: 'Say hello.', waitForCompletion: true }],
  }),
  responses: { 200: begun, ...refuseWith(statuses, 'HookRefusal') },
};

const mapped: Operation = {
  ...hook('callHook', 'Call a hook of `hooks.mappings`.'),
  description: 'Takes what its mapping takes: JSON, or a form. A mapping with a signature needs no token.',
  security: [{ hookToken: [] }, { hookHeader: [] }, {}],
  parameters: [
    { name: 'name', in: 'path', required: true, description: 'As the mapping has it.', schema: { type: 'string' } },
    key,
  ],
  requestBody: { required: true, content: { 'application/json': { schema: {} } } },
  responses: {
    200: answer('It is accepted and on disk; or what a sender asks while it is set up.', {
      'application/json': {
        schema: {
          anyOf: [json('HookAnswer')['application/json']?.schema, { type: 'object', required: ['challenge'] }],
        },
      },
    }),
    204: answer('There was nothing to do.'),
    ...refuseWith([...statuses, 415], 'HookRefusal'),
  },
};

/** @param path `hooks.path`. */
export function hookPaths(path: string): Paths {
  return {
    [`${path}/wake`]: { post: wake },
    [`${path}/agent`]: { post: agent },
    [`${path}/{name}`]: { post: mapped },
  };
}
