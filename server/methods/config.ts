import { config, configApply } from '../../sdk/protocol/config.ts';
import type { ConfigSentinel, ConfigWritten } from '../../sdk/protocol/config-state.ts';
import { isGatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import type { ConfigEdited } from '../config/config-file.ts';
import type { Context } from './context.ts';
import { implement, implementOne } from './implement.ts';
import { authorOf } from './resolve.ts';

export const configMethods = implement(config, {
  get: ({ ctx }) => ctx.configFile.read(),
  async set({ input, ctx }) {
    const edited = await ctx.configFile.edit({ ...input, requiresBase: true, by: authorOf(ctx) });
    return { ...toWritten(ctx, edited), ...restart(ctx, edited) };
  },
  async patch({ input, ctx }) {
    const { raw, replacePaths = [], ...rest } = input;
    const patch = ctx.configFile.parsePatch(raw);
    const edited = await ctx.configFile.edit({ ...rest, patch, replacePaths, requiresBase: true, by: authorOf(ctx) });
    const written = { ...toWritten(ctx, edited), changedPaths: edited.changedPaths };
    return { ...written, ...toSentinel('config-patch', edited, input.note), ...restart(ctx, edited, input) };
  },
  schema: ({ ctx }) => ctx.configDescription.whole(),
  'schema.lookup': ({ input, ctx }) => ctx.configDescription.lookUp(input.path),
  diff: ({ input, ctx }) => ctx.configFile.diff(input.revision),
  reload: ({ input, ctx }) => (input.dryRun ? ctx.configReload.plan() : ctx.configReload.apply()),
  'revisions.list': ({ ctx }) => ({ revisions: ctx.configFile.revisions() }),
  async rollback({ input, ctx }) {
    const edited = await ctx.configFile.rollback(input.revision, authorOf(ctx));
    return { ...toWritten(ctx, edited), changedPaths: edited.changedPaths, ...restart(ctx, edited) };
  },
});

export const configApplyMethod = implementOne(configApply, async ({ input, ctx }) => {
  const edited = await ctx.configFile.edit({ ...input, requiresBase: true, by: authorOf(ctx) });
  return {
    ...toWritten(ctx, edited),
    ...toSentinel('config-apply', edited, input.note),
    ...restart(ctx, edited, input),
  };
});

function toWritten(ctx: Context, { loaded, file, hash, noop }: ConfigEdited): ConfigWritten {
  return { ok: true, path: file, hash, config: ctx.configFile.show(loaded), ...(noop && { noop }) };
}

function toSentinel(
  kind: ConfigSentinel['payload']['kind'],
  { noop, requiresRestart }: ConfigEdited,
  message: string | undefined,
): Pick<ConfigWritten, 'sentinel'> {
  const payload = {
    kind,
    status: 'ok' as const,
    ts: Date.now(),
    ...(message && { message }),
    stats: { requiresRestart },
  };
  return { sentinel: { persisted: !noop, payload } };
}

/** The restart that a write leads to: the one that was asked for, or the one that the reload mode brings by itself. */
function restart(
  ctx: Context,
  { requiresRestart }: ConfigEdited,
  { restartDelayMs }: { restartDelayMs?: number | undefined } = {},
): Pick<ConfigWritten, 'restart'> {
  const isAsked = restartDelayMs !== undefined;
  if (!requiresRestart || (!isAsked && !ctx.configReload.restarts())) return {};
  try {
    const wanted = isAsked ? { delayMs: restartDelayMs } : { cause: 'config' as const };
    return { restart: ctx.restart.request({ reason: 'config', ...wanted }) };
  } catch (error) {
    // The file is written, and the answer has to say so; that nobody can restart the gateway is said beside it.
    if (!isGatewayError(error)) throw error;
    return isAsked ? { restart: { ok: false, error: toErrorShape(error) } } : {};
  }
}
