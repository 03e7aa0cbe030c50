import { z } from 'zod';
import { agentId, idempotencyKey, sessionKey } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

/** A tool, as the catalog shows it. */
export interface ToolCatalogEntry {
  /** Its name, as models call it. */
  id: string;
  label: string;
  /** One sentence. */
  description: string;
  source: 'core';
  /** What a wrong call can spoil. */
  risk: 'low' | 'medium';
  /** Profiles that include it. */
  defaultProfiles: ('minimal' | 'coding' | 'messaging' | 'full')[];
}

const profile = z.enum(['minimal', 'coding', 'messaging', 'full']);

export const ToolCatalogEntry = shape<ToolCatalogEntry>()(
  z.object({
    id: z.string(),
    label: z.string(),
    description: z.string(),
    source: z.literal('core'),
    risk: z.enum(['low', 'medium']),
    defaultProfiles: z.array(profile),
  }),
);

/** A tool that somebody has. */
export interface ToolRow {
  /** Its name, as models call it. */
  id: string;
  label: string;
  /** One sentence. */
  description: string;
  /** What models read. */
  rawDescription: string;
  source: 'core';
  /** What a wrong call can spoil. */
  risk: 'low' | 'medium';
}

export const ToolRow = shape<ToolRow>()(
  z.object({
    id: z.string(),
    label: z.string(),
    description: z.string(),
    rawDescription: z.string(),
    source: z.literal('core'),
    risk: z.enum(['low', 'medium']),
  }),
);

/** What came of a call; a refusal is an answer too. */
export interface ToolInvocationResult {
  ok: boolean;
  toolName: string;
  /** With `ok`. `content` is what a model would read, `details` the same as a value. */
  output?: { content: { type: 'text'; text: string }[]; details: unknown } | undefined;
  source?: 'core' | undefined;
  /** Without `ok`. */
  error?:
    | {
        /** `not_found`, `validation_error`, `forbidden`, `unavailable`, `timeout`, `aborted` or `internal_error`. */
        code: string;
        message: string;
      }
    | undefined;
}

export const ToolInvocationResult = shape<ToolInvocationResult>()(
  z.object({
    ok: z.boolean(),
    toolName: z.string(),
    output: z
      .object({ content: z.array(z.object({ type: z.literal('text'), text: z.string() })), details: z.unknown() })
      .optional(),
    source: z.literal('core').optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
);

export const tools = router({
  /** Lists every built-in tool, by group, with the profiles that include it; whatever a policy says. */
  catalog: query({
    summary: 'List every tool there is.',
    scope: 'operator.read',
    input: z.strictObject({ agentId: agentId.optional(), includePlugins: z.boolean().optional() }).prefault({}),
    output: z.object({
      agentId: z.string(),
      profiles: z.array(z.object({ id: profile, label: z.string() })),
      groups: z.array(
        z.object({ id: z.string(), label: z.string(), source: z.literal('core'), tools: z.array(ToolCatalogEntry) }),
      ),
    }),
    inert: ['includePlugins'],
  }),

  /** Lists the tools that an agent has in a session, after policy. */
  effective: query({
    summary: 'List the tools that an agent has in a session.',
    scope: 'operator.read',
    input: z.strictObject({ sessionKey, agentId: agentId.optional() }),
    output: z.object({
      agentId: z.string(),
      profile: z.string(),
      groups: z.array(
        z.object({ id: z.literal('core'), label: z.string(), source: z.literal('core'), tools: z.array(ToolRow) }),
      ),
      notices: z
        .array(z.object({ id: z.string(), severity: z.enum(['info', 'warning']), message: z.string() }))
        .optional(),
    }),
    cli: { positionals: ['sessionKey'] },
  }),

  /**
   * Calls one tool as an agent would, by the same policy. What the tool refuses is in the answer, with `ok: false`; so is a
   * name that is unknown (`not_found`) or that policy took (`forbidden`). The session is the agent's main one unless a key names another. The
   * same idempotency key answers the same again for five minutes.
   */
  invoke: mutation({
    summary: 'Call a tool.',
    scope: 'operator.write',
    input: z.strictObject({
      name: z.string().min(1),
      /** The tool's arguments. */
      args: z.record(z.string(), z.unknown()).optional(),
      sessionKey: sessionKey.optional(),
      agentId: agentId.optional(),
      confirm: z.boolean().optional(),
      idempotencyKey: idempotencyKey.optional(),
      conversationReadOrigin: z.literal('direct-operator').optional(),
    }),
    output: ToolInvocationResult,
    // No tool asks for an approval, so there is none to ask for; and no conversation is another person's.
    inert: ['confirm', 'conversationReadOrigin'],
    cli: { positionals: ['name'], long: ['args'] },
  }),
});
