import type { AgentSpec } from '../../config/agents.ts';
import { toSessionKey } from '../../sessions/key.ts';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import type { Call } from '../route.ts';
import { readHeader } from './agent.ts';
import { isAside } from './aside.ts';
import type { ResponseBody } from './response-body.ts';
import { type ChosenSession, chooseSession } from './session.ts';

/** A request for a response, and who answers it. */
export interface ResponseRequest {
  call: Call;
  body: ResponseBody;
  agent: AgentSpec;
  /** Names the session when nobody else does. */
  run: string;
  isAside: boolean;
}

/**
 * Finds the conversation of a response as other routes do; `previous_response_id` goes on where that response stands, which is
 * in the session of `x-openclaw-session-key` when there is one.
 * @throws GatewayError that leaves as 400, also `previous_response_not_found`.
 */
export function chooseResponseSession(deps: HttpDeps, request: ResponseRequest): ChosenSession {
  const { call, body, agent, run, isAside } = request;
  const { previous_response_id: previous } = body;
  const found = previous ? findSessionOf(deps, previous, agent) : undefined;
  if (found && !readHeader(call.req, sessionKeyHeader)) return found;
  const session = chooseSession(deps, { req: call.req, agent }, { ...body, isAside });
  if (found && found.key !== session.key) throw notKept(`"${previous}" is not kept in the session "${session.key}"`);
  if (found) return found;
  return session.transient ? { ...session, key: toSessionKey(agent.id, `${ownPrefix}${run}`).key } : session;
}

/** True for a request about a conversation (aside.ts). Who goes on from a response asks about nothing else. */
export function isResponseAside({ req }: Call, body: ResponseBody): boolean {
  const { stream, metadata, instructions, input, previous_response_id } = body;
  if (previous_response_id) return false;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const messages = instructions === undefined ? items : [{ role: 'system', content: instructions }, ...items];
  return isAside(req, { stream, metadata, messages });
}

// --- internal ---

const ownPrefix = 'responses:';
const sessionKeyHeader = 'x-openclaw-session-key';

function findSessionOf({ runs, sessions, responses }: HttpDeps, id: string, agent: AgentSpec): ChosenSession {
  const row = responses.has(id) ? runs.find(id) : undefined;
  if (row?.agentId === agent.id && sessions.lastOf(row.sessionKey, id) !== undefined) {
    const transient = row.sessionKey.startsWith(toSessionKey(agent.id, ownPrefix).key);
    return { key: row.sessionKey, transient, isTold: false };
  }
  throw notKept(`"${id}" is not kept for agent "${agent.id}"`);
}

function notKept(what: string) {
  return refuse(400, `previous response ${what}`, {
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  });
}
