import { z } from 'zod';
import { agentId } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** One model that an agent can use. */
export interface ModelRow {
  /** Id at its provider, without the provider. */
  id: string;
  name: string;
  provider: string;
  /** False when the provider lacks a credential. */
  available?: boolean | undefined;
  unavailableReason?: 'missing-auth' | 'auth-failed' | 'cooldown' | undefined;
  /** Tokens. */
  contextWindow?: number | undefined;
  reasoning?: boolean | undefined;
  /** What it reads. */
  input?: ('text' | 'image' | 'audio' | 'video' | 'document')[] | undefined;
  /** `default` marks the model that is used when none is named. */
  tags?: string[] | undefined;
}

export const ModelRow = shape<ModelRow>()(
  z.object({
    id: z.string().min(1),
    name: z.string().min(1),
    provider: z.string().min(1),
    available: z.boolean().optional(),
    unavailableReason: z.enum(['missing-auth', 'auth-failed', 'cooldown']).optional(),
    contextWindow: z.number().int().positive().optional(),
    reasoning: z.boolean().optional(),
    input: z.array(z.enum(['text', 'image', 'audio', 'video', 'document'])).optional(),
    tags: z.array(z.string()).optional(),
  }),
);

export const models = router({
  /** Lists the models that agents can use, the default one first. */
  list: query({
    summary: 'List models.',
    scope: 'operator.read',
    input: z
      .strictObject({
        agentId: agentId.optional(),
        view: z.enum(['default', 'configured', 'provider-config', 'all']).optional(),
        includeProviderCapabilities: z.boolean().optional(),
        preparedOnly: z.boolean().optional(),
        refresh: z.boolean().optional(),
        provider: z.string().optional(),
        sessionKey: z.string().optional(),
        includeDetails: z.boolean().optional(),
        authProfileId: z.string().optional(),
      })
      .prefault({}),
    output: z.object({ models: z.array(ModelRow) }),
    inert: [
      'view',
      'includeProviderCapabilities',
      'preparedOnly',
      'refresh',
      'sessionKey',
      'includeDetails',
      'authProfileId',
    ],
  }),
});
