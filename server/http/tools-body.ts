import { z } from 'zod';
import { jsonObject, optional } from './openai/fields.ts';

const toolName = z.string().min(1).max(256);

/** The body of POST /tools/invoke. Unknown members are ignored; `null` means absent. */
export const ToolsBody = z
  .object({
    tool: optional(toolName).describe('Name of the tool, as `tools.catalog` lists it.'),
    name: optional(toolName).describe('The same; wins over `tool`.'),
    action: optional(z.string().max(256)).describe(
      'Becomes `args.action` when the tool has such an argument and `args` does not set it.',
    ),
    args: optional(jsonObject).describe("The tool's arguments."),
    sessionKey: optional(z.string().min(1).max(512)).describe(
      'The conversation in whose name the tool works. Default: the main one of the agent.',
    ),
    agentId: optional(z.string().min(1).max(64)).describe(
      'The agent in whose name the tool works; has to be that of `sessionKey`. Default: the default agent.',
    ),
    idempotencyKey: optional(z.string().min(1).max(256)).describe(
      'The same key again answers what it answered, for five minutes; such a call goes on when its caller goes away.',
    ),
  })
  .refine(({ tool, name }) => tool !== undefined || name !== undefined, {
    path: ['tool'],
    message: 'expected the name of a tool',
  })
  .meta({ anyOf: [{ required: ['tool'] }, { required: ['name'] }] });

export type ToolsBody = z.output<typeof ToolsBody>;
