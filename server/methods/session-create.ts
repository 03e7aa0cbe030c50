import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { GatewayError, isGatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import type { createMembers } from '../../sdk/protocol/session-inputs.ts';
import type { AgentSpec } from '../config/agents.ts';
import { newRunId } from './agent.ts';
import type { Context } from './context.ts';
import { findAgent, requireOpenKey, resolveKey } from './resolve.ts';
import { requireSession } from './session-find.ts';
import { startTyped } from './typed.ts';

type CreateInput = z.output<z.ZodObject<typeof createMembers>>;

/** Makes or adopts a session and starts the run of its first message. */
export async function createSession(ctx: Context, input: CreateInput) {
  refuseWhatIsNotHad(input);
  const made = input.idempotencyKey === undefined ? undefined : ctx.sessions.findMade(input.idempotencyKey);
  const key = made?.key ?? toKey(ctx, input);
  const agent = findAgent(ctx, made?.agentId ?? resolveKey(ctx, key).agentId);
  requireOpenKey(ctx, key);
  if (input.model !== undefined) ctx.models.find(input.model);
  const { row } = ctx.sessions.ensure(key, toMaking(ctx, input));
  await ctx.sessions.durable();
  // Last of all, so that the answer, which names the run, comes before its events.
  const run = await startRun(ctx, input, { key, agent });
  return { ok: true as const, key, sessionId: row.sessionId, ...toEntry(ctx, key), ...run };
}

/** A session with the model it uses. */
export function toEntry(ctx: Context, key: string) {
  const entry = requireSession(ctx, key, undefined);
  const { modelProvider, model } = entry;
  const agentRuntime = { id: 'openclaw' as const, source: 'implicit' as const };
  return { entry, resolved: { modelProvider, model, agentRuntime } };
}

function toKey(ctx: Context, { key, agentId }: CreateInput): string {
  const owner = findAgent(ctx, key === undefined ? agentId : resolveKey(ctx, key, agentId).agentId);
  return resolveKey(ctx, key ?? `dashboard:${randomUUID()}`, owner.id).key;
}

function toMaking(ctx: Context, input: CreateInput) {
  const { label, displayName, category, model, thinkingLevel, fastMode, permissionMode, toolOverrides } = input;
  const parentKey = input.parentSessionKey === undefined ? undefined : resolveKey(ctx, input.parentSessionKey).key;
  const isFork = input.fork || input.forkFrom !== undefined;
  // A fork goes on as its parent would, where nothing else is said.
  const parent = isFork && parentKey !== undefined ? ctx.sessions.find(parentKey) : undefined;
  const inherited = parent?.modelOverrideSource ? `${parent.modelProvider}/${parent.model}` : undefined;
  return {
    createdVia: 'operator' as const,
    creationKey: input.idempotencyKey,
    parentKey,
    forkOf: isFork ? parentKey : undefined,
    spawnDepth: input.spawnDepth,
    change: {
      label,
      displayName,
      category,
      model: model ?? inherited,
      thinkingLevel: thinkingLevel ?? parent?.thinkingLevel,
      fastMode: fastMode ?? parent?.fastMode,
      permissionMode: permissionMode ?? parent?.permissionMode,
      toolOverrides: toolOverrides ?? parent?.toolOverrides,
    },
  };
}

async function startRun(ctx: Context, input: CreateInput, { key, agent }: { key: string; agent: AgentSpec }) {
  const message = input.message ?? input.task;
  if (message === undefined && !input.attachments?.length) return { runStarted: false };
  const runId = input.idempotencyKey ?? newRunId();
  try {
    const typed = { message: message ?? '', attachments: input.attachments };
    const connection = ctx.subscriptions?.connection;
    await startTyped(ctx, typed, { runId, agent, sessionKey: key, connection });
    return { runStarted: true, runId };
  } catch (error) {
    // The session is there by now: the caller needs its key to try again.
    if (!isGatewayError(error)) throw error;
    return { runStarted: false, runError: toErrorShape(error) };
  }
}

function refuseWhatIsNotHad(input: CreateInput): void {
  for (const [member, reason] of notHad)
    if (input[member]) throw new GatewayError('INVALID_REQUEST', `${member} is not to be had here: ${reason}`);
  if (input.visibility !== undefined && input.visibility !== 'shared')
    throw new GatewayError('INVALID_REQUEST', 'visibility can only be shared here: every caller sees every session');
  const isFork = input.fork || input.forkFrom !== undefined;
  if (isFork && input.parentSessionKey === undefined)
    throw new GatewayError('INVALID_REQUEST', 'a fork needs parentSessionKey: the session to copy');
  if (input.succeedsParent === undefined) return;
  if (input.parentSessionKey === undefined || !input.emitCommandHooks)
    throw new GatewayError('INVALID_REQUEST', 'succeedsParent needs parentSessionKey and emitCommandHooks: true');
  if (isFork && input.succeedsParent)
    throw new GatewayError('INVALID_REQUEST', 'a fork cannot succeed its parent: leave out succeedsParent');
}

const notHad = [
  ['incognito', 'every conversation is kept'],
  ['execNode', 'there are no nodes yet'],
  ['contextWindow', 'no model here offers more than one'],
  ['catalogId', 'there are no catalogs of other programs'],
  ['projectId', 'there are no projects'],
  ['projectGitUrl', 'there are no projects'],
  ['worktree', 'there are no worktrees'],
  ['worktreeBaseRef', 'there are no worktrees'],
  ['worktreeName', 'there are no worktrees'],
  ['cwd', 'a session works in the workspace of its agent'],
] as const;
