import type { SessionDefaults } from '../../sdk/protocol/session-row.ts';
import { splitReference } from '../models/reference.ts';
import type { Context } from './context.ts';
import { findAgent } from './resolve.ts';

/** Model and context size of a session of the default agent that overrides nothing. */
export function toDefaults(ctx: Pick<Context, 'agents' | 'models'>): SessionDefaults {
  const reference = findAgent(ctx, undefined).primary ?? ctx.models.fallback().model;
  const { provider, model } = splitReference(reference);
  const row = ctx.models.list().find((known) => known.provider === provider && known.id === model);
  return { modelProvider: provider || null, model, contextTokens: row?.contextWindow ?? null };
}
