import type { H3 } from 'h3';
import { z } from 'zod';
import { findGatewayError } from '../../sdk/protocol/errors.ts';
import { refusalOverHttp } from '../agent/tools/http-policy.ts';
import type { ToolErrorCode, ToolOutcome } from '../agent/tools/invoke.ts';
import type { ToolCaller } from '../agent/tools/tool.ts';
import { parseSessionKey } from '../sessions/key.ts';
import { readJson } from './body.ts';
import { whileCallerWaits } from './caller-gone.ts';
import type { HttpDeps, HttpLimits } from './deps.ts';
import { type HttpFailure, refuse, toErrorBody } from './failure.ts';
import { type Call, guardedRoute, sendJson } from './route.ts';
import { ToolsBody } from './tools-body.ts';

/** What a call of a tool that went well answers. */
export interface ToolAnswer {
  ok: true;
  /** `content` is what a model would read, `details` the same as a value. */
  result: { content: { type: 'text'; text: string }[]; details: unknown };
}

/** What a call answers that did not. */
export interface ToolRefusal {
  ok: false;
  error: {
    /** `invalid_request`, `forbidden`, `not_found` or `tool_error`; the status says more. */
    type: string;
    message: string;
  };
}

/** Bytes of a body. */
const maxBodyBytes = 2_000_000;

/** POST /tools/invoke: one call of one tool, by the policy of its agent and by `gateway.tools` (docs/tools.md). */
export function mountTools(app: H3, deps: HttpDeps, limits: HttpLimits): void {
  const body = { maxBytes: Math.min(maxBodyBytes, limits.maxBodyBytes), idleMs: limits.bodyIdleMs };
  const POST = async (call: Call): Promise<void> => {
    const wish = await readJson(call.req, ToolsBody, body);
    const outcome = await invoke(deps, wish, call);
    if (!call.res.destroyed) sendJson(call.res, toAnswer(outcome));
  };
  app.all(
    '/tools/invoke',
    guardedRoute(deps, { scope: 'operator.write', maxBodyBytes: body.maxBytes, methods: { POST }, toBody }),
  );
}

// --- internal ---

async function invoke(deps: HttpDeps, wish: ToolsBody, { res }: Call): Promise<ToolOutcome> {
  const name = wish.name ?? wish.tool ?? '';
  const caller = chooseCaller(deps, wish);
  const reason = refusalOverHttp(name, deps.config.current().gateway?.tools);
  if (reason !== undefined) throw refuse(403, `the tool "${name}" is not allowed here: ${reason}`);
  const args = withAction(deps, name, wish);
  const { idempotencyKey } = wish;
  return whileCallerWaits(res, (signal) => deps.tools.invoke({ name, args, caller, idempotencyKey }, signal));
}

/** @throws GatewayError that leaves as 400. */
function chooseCaller({ agents, config }: HttpDeps, { sessionKey = 'main', agentId }: ToolsBody): ToolCaller {
  const mainKey = config.current().session?.mainKey ?? 'main';
  const requireAgent = (id: string, member: string) => {
    if (agents.find(id)) return;
    const known = agents.list().map((agent) => agent.id);
    throw refuse(400, `${member}: there is no agent "${id}"; there are: ${known.join(', ')}`);
  };
  if (agentId !== undefined) requireAgent(agentId, 'agentId');
  try {
    const session = parseSessionKey(sessionKey, { agentId: agents.default().id, mainKey }, agentId);
    requireAgent(session.agentId, 'sessionKey');
    return { agentId: session.agentId, sessionKey: session.key };
  } catch (error) {
    const known = findGatewayError(error);
    // The key's own fault does not say which member held it.
    if (known?.details?.code === 'INVALID_SESSION_KEY') throw refuse(400, `sessionKey: ${known.message}`);
    throw error;
  }
}

/** The arguments, with the action where the tool takes one and they name none. */
function withAction({ tools }: HttpDeps, name: string, { action, args = {} }: ToolsBody): Record<string, unknown> {
  if (action === undefined || Object.hasOwn(args, 'action')) return args;
  const input = tools.catalog.find(({ tool }) => tool.name === name)?.tool.input;
  return input instanceof z.ZodObject && 'action' in input.shape ? { ...args, action } : args;
}

const statuses: Readonly<Record<ToolErrorCode, number>> = {
  validation_error: 400,
  forbidden: 403,
  not_found: 404,
  // Nobody is there to read it.
  aborted: 500,
  internal_error: 500,
  unavailable: 503,
  timeout: 504,
};

/** @throws GatewayError with the status of what went wrong. */
function toAnswer(outcome: ToolOutcome): ToolAnswer {
  if (!outcome.ok) throw refuse(statuses[outcome.error.code], outcome.error.message);
  const { output: details } = outcome;
  const text = typeof details === 'string' ? details : JSON.stringify(details);
  return { ok: true, result: { content: [{ type: 'text', text }], details } };
}

/** Who is not known yet is told so as everywhere; every other failure is one of the tool's. */
function toBody(failure: HttpFailure): ToolRefusal | ReturnType<typeof toErrorBody> {
  const { status, message } = failure;
  if (status === 401 || status === 429) return toErrorBody(failure);
  return { ok: false, error: { type: toType(status), message } };
}

function toType(status: number): string {
  if (status >= 500) return 'tool_error';
  if (status === 403) return 'forbidden';
  return status === 404 ? 'not_found' : 'invalid_request';
}
