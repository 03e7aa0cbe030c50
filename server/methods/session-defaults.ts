import type { SessionDefaults } from '../../sdk/protocol/sessions.ts';
import type { Context } from './context.ts';
import { findAgent } from './resolve.ts';

/** Model and context size of a session of the default agent that overrides nothing. */
export function toDefaults(ctx: Pick<Context, 'agents' | 'models'>): SessionDefaults {
  const reference = findAgent(ctx, undefined).primary ?? ctx.models.fallback().model;
  const slash = reference.indexOf('/');
  const [modelProvider, model] =
    slash < 0 ? [null, reference] : [reference.slice(0, slash), reference.slice(slash + 1)];
  const row = ctx.models.list().find((known) => known.provider === modelProvider && known.id === model);
  return { modelProvider, model, contextTokens: row?.contextWindow ?? null };
}
