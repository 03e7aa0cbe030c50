import { z } from 'zod';
import { nothing } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** How an agent presents itself. */
export interface AgentIdentity {
  name?: string | undefined;
  theme?: string | undefined;
  emoji?: string | undefined;
  avatar?: string | undefined;
}

/** One agent, as a list shows it. */
export interface AgentRow {
  id: string;
  name?: string | undefined;
  identity?: AgentIdentity | undefined;
  /** Folder the agent works in, absolute. */
  workspace?: string | undefined;
  model?: {
    /** `<provider>/<model>`. */
    primary?: string | undefined;
    /** Tried in this order when the primary fails before its first token. */
    fallbacks?: string[] | undefined;
  };
}

export const AgentRow = shape<AgentRow>()(
  z.object({
    id: z.string().min(1),
    name: z.string().optional(),
    identity: z
      .object({
        name: z.string().optional(),
        theme: z.string().optional(),
        emoji: z.string().optional(),
        avatar: z.string().optional(),
      })
      .optional(),
    workspace: z.string().optional(),
    model: z.object({ primary: z.string().optional(), fallbacks: z.array(z.string()).optional() }).optional(),
  }),
);

export const agents = router({
  /** Lists the configured agents, the default one first. */
  list: query({
    summary: 'List agents.',
    scope: 'operator.read',
    input: nothing,
    output: z.object({
      defaultId: z.string(),
      mainKey: z.string(),
      scope: z.enum(['per-sender', 'global']),
      agents: z.array(AgentRow),
    }),
  }),
});
