import { z } from 'zod';
import { agentId, sessionKey, timestampMs } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** One model that an agent can use. */
export interface ModelRow {
  /** Id at its provider, without the provider. */
  id: string;
  name: string;
  provider: string;
  /** False when the provider lacks a credential, or refused it. */
  available?: boolean | undefined;
  unavailableReason?: 'missing-auth' | 'auth-failed' | 'cooldown' | undefined;
  /** Tokens. */
  contextWindow?: number | undefined;
  reasoning?: boolean | undefined;
  /** What a run may ask for as `thinking`; of models that are known to think. */
  thinkingLevels?: { id: string; label: string }[] | undefined;
  /** How much it thinks for the agent that was asked about, unless a run or a session says otherwise. */
  thinkingDefault?: string | undefined;
  /** What it reads. */
  input?: ('text' | 'image' | 'audio' | 'video' | 'document')[] | undefined;
  /** `default`: used when none is named; `fallback-1`, ...: tried when that fails; `current`: of the session asked about. */
  tags?: string[] | undefined;
  /** True when it runs on this machine; with `includeDetails`. */
  local?: boolean | undefined;
  /** Whether its provider takes a key; with `includeProviderCapabilities`. */
  apiKeySupported?: boolean | undefined;
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
    thinkingLevels: z.array(z.object({ id: z.string(), label: z.string() })).optional(),
    thinkingDefault: z.string().optional(),
    input: z.array(z.enum(['text', 'image', 'audio', 'video', 'document'])).optional(),
    tags: z.array(z.string()).optional(),
    local: z.boolean().optional(),
    apiKeySupported: z.boolean().optional(),
  }),
);

const checkStatus = z.enum(['ready', 'auth-rejected', 'unavailable']);

/** How a provider stands with its key; never the key itself. */
export interface ProviderAuth {
  provider: string;
  /** Whose credential it uses: its own. */
  authProvider: string;
  displayName: string;
  /** `static`: there is a key; `missing`: it needs one; `ok`: it needs none. */
  status: 'static' | 'missing' | 'ok';
  /** Sign-ins of people; there are none. */
  profiles: never[];
  /** Whether people can give it a key. */
  apiKeySupported: boolean;
  /** Where the key comes from. */
  apiKey?: { source: 'env'; envVar: string } | { source: 'config' } | undefined;
  /** Why it cannot be called, and what to do. */
  problem?: string | undefined;
  /** What it said when it was last asked for its models, with `refresh`. */
  check?: { status: 'ready' | 'auth-rejected' | 'unavailable'; at: number } | undefined;
}

export const ProviderAuth = shape<ProviderAuth>()(
  z.object({
    provider: z.string(),
    authProvider: z.string(),
    displayName: z.string(),
    status: z.enum(['static', 'missing', 'ok']),
    profiles: z.array(z.never()),
    apiKeySupported: z.boolean(),
    apiKey: z
      .union([z.object({ source: z.literal('env'), envVar: z.string() }), z.object({ source: z.literal('config') })])
      .optional(),
    problem: z.string().optional(),
    check: z.object({ status: checkStatus, at: timestampMs }).optional(),
  }),
);

export const models = router({
  /**
   * Lists the models that agents can use, the default one first. `refresh` asks every provider that can be called for its
   * models, within 8 seconds, and tells what came of it; `view: 'all'` shows those models too.
   */
  list: query({
    summary: 'List models.',
    scope: 'operator.read',
    input: z
      .strictObject({
        /** Whose default it marks. */
        agentId: agentId.optional(),
        /** `configured`: those the configuration names; `provider-config`: those of `models.providers`; `all`: also what providers told. */
        view: z.enum(['default', 'configured', 'provider-config', 'all']).optional(),
        includeProviderCapabilities: z.boolean().optional(),
        preparedOnly: z.boolean().optional(),
        /** Ask the providers first. */
        refresh: z.boolean().optional(),
        /** Only those of this provider. */
        provider: z.string().optional(),
        sessionKey: sessionKey.optional(),
        includeDetails: z.boolean().optional(),
        authProfileId: z.string().optional(),
      })
      .prefault({}),
    output: z.object({
      models: z.array(ModelRow),
      providerOutcomes: z.array(z.object({ provider: z.string(), status: checkStatus })).optional(),
    }),
    // What is listed is always prepared; there are no sign-ins to choose from.
    inert: ['preparedOnly', 'authProfileId'],
  }),

  /** Tells of every provider whether it has a key, and from where; `refresh` asks each whether it takes the key. */
  authStatus: query({
    summary: 'Tell which model providers have a key.',
    scope: 'operator.read',
    input: z.strictObject({ refresh: z.boolean().optional(), agentId: agentId.optional() }).prefault({}),
    output: z.object({
      ts: timestampMs,
      providers: z.array(ProviderAuth),
      providerCapabilities: z.array(z.object({ provider: z.string(), apiKeySupported: z.boolean() })),
    }),
  }),
});
