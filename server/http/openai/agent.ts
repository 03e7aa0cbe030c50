import type { IncomingMessage } from 'node:http';
import { isGranted } from '../../../sdk/protocol/scopes.ts';
import type { AgentSpec, Roster } from '../../config/agents.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import { refuse } from '../failure.ts';
import type { Call } from '../route.ts';

/** Every name an agent answers to in `model`, in the order `GET /v1/models` lists them. */
export function toModelIds(agents: readonly AgentSpec[]): string[] {
  return [...new Set([...defaultNames, ...agents.map(({ id }) => `openclaw/${id}`)])];
}

/**
 * The agent of a `model`: `openclaw`, `openclaw/default`, `openclaw/<id>`, `openclaw:<id>` or `agent:<id>`. One whose id is
 * `default` has the last two only.
 */
export function findAgent(agents: Roster, model: string): AgentSpec | undefined {
  if (defaultNames.includes(model)) return agents.default();
  const id = /^(?:openclaw[/:]|agent:)(.+)$/.exec(model)?.[1];
  return id === undefined ? undefined : agents.find(id);
}

/**
 * The agent that answers: the one of `x-openclaw-agent-id`, else the one of `model`.
 * @throws GatewayError that leaves as 400 `model_not_found`.
 */
export function chooseAgent(agents: Roster, req: IncomingMessage, model: string): AgentSpec {
  const named = readHeader(req, 'x-openclaw-agent-id');
  const agent = named ? agents.find(named) : findAgent(agents, model);
  if (agent) return agent;
  const what = named ? `agent "${named}"` : `model "${model}"`;
  const message = `${what} does not exist; use one of ${toModelIds(agents.list()).slice(0, 12).join(', ')}`;
  throw refuse(400, message, { code: 'model_not_found', param: named ? 'x-openclaw-agent-id' : 'model' });
}

/**
 * The model that `x-openclaw-model` puts in place of the agent's own, when it is there.
 * @throws GatewayError that leaves as 400 `model_not_found` or 403.
 */
export function chooseModel(models: Pick<ModelRegistry, 'find'>, call: Call): string | undefined {
  const reference = readModelHeader(call);
  if (reference) models.find(reference);
  return reference;
}

/** The `x-openclaw-model` header, whatever it names. @throws GatewayError that leaves as 403. */
export function readModelHeader({ req, principal }: Call): string | undefined {
  const reference = readHeader(req, 'x-openclaw-model');
  // Whoever holds the secret has all scopes; a proxy, or a caller without a secret, may have asked for less.
  if (!reference || isGranted(principal.scopes, 'operator.admin')) return reference;
  throw refuse(403, 'x-openclaw-model needs operator.admin', { code: 'missing_scope', param: 'x-openclaw-model' });
}

/** A header without the space around it; undefined when it is absent or empty. */
export function readHeader(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return (Array.isArray(value) ? value[0] : value)?.trim() || undefined;
}

/** Always the default agent, whatever others are called. */
const defaultNames = ['openclaw', 'openclaw/default'];
