import { z } from 'zod';
import type { ToolAnswer, ToolRefusal } from '../tools.ts';

/*
 * What the gateway's own routes answer, for the document.
 */

const content = z.array(z.object({ type: z.literal('text'), text: z.string() }));

export const ToolsAnswer = z.object({
  ok: z.literal(true),
  result: z.object({
    content: content.describe('What a model would read.'),
    details: z.unknown().describe('The same as a value.'),
  }),
}) satisfies z.ZodType<ToolAnswer>;

export const ToolsRefusal = z.object({
  ok: z.literal(false),
  error: z.object({
    type: z.enum(['invalid_request', 'forbidden', 'not_found', 'tool_error']),
    message: z.string().describe('What was wrong; for 400 which argument.'),
  }),
}) satisfies z.ZodType<ToolRefusal>;

export const LiveAnswer = z.object({ ok: z.literal(true), status: z.literal('live') });

export const ReadyAnswer = z.object({
  ready: z.boolean(),
  failing: z.array(z.string()).optional().describe('What is not ready; on this machine or with the bearer.'),
  uptimeMs: z.int().optional().describe('Milliseconds; on this machine or with the bearer.'),
});

export const StartedAnswer = z.object({
  ok: z.boolean(),
  status: z.enum(['starting', 'started', 'draining']),
});

export const RpcAnswer = z.object({
  result: z.object({ data: z.unknown().optional().describe('What the method answers.') }),
});

export const RpcRefusal = z.object({
  error: z.object({
    message: z.string(),
    code: z.int().describe('As JSON-RPC numbers it.'),
    data: z.looseObject({
      code: z.string().describe('As tRPC names it, for example `BAD_REQUEST`.'),
      httpStatus: z.int(),
      path: z.string().optional().describe('The method.'),
      gateway: z.looseObject({ code: z.string() }).optional().describe("The gateway's own error."),
    }),
  }),
});
