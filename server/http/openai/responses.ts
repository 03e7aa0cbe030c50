import type { RunInput } from '../../agent/runs.ts';
import type { AgentSpec } from '../../config/agents.ts';
import { toResponseMedia } from '../../media/settings.ts';
import { toSessionKey } from '../../sessions/key.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import { readJson } from '../body.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { refuse } from '../failure.ts';
import { type Call, type Handler, sendJson } from '../route.ts';
import { chooseAgent, chooseModel } from './agent.ts';
import { isAside } from './aside.ts';
import { readAttachments } from './attachments.ts';
import { collectReply, type ReplyStep } from './reply.ts';
import { ResponseBody } from './response-body.ts';
import { findRepeated } from './response-continuation.ts';
import { createResponseEvents, type ResponseWriter } from './response-events.ts';
import { toResponseInput } from './response-input.ts';
import { type ResponseHead, type ResponseObject, toResponseObject } from './response-object.ts';
import { listResponseParts } from './response-parts.ts';
import { type ChosenSession, chooseSession, findToolNameIn, tellSession, toContinuation, toPlace } from './session.ts';
import { findItemIn, findOutput, responseId, unstoredId } from './stored-items.ts';
import { streamReply } from './stream.ts';
import { interpretNewest } from './typed.ts';

/** Answers POST /v1/responses, streamed or in one piece. */
export function responses(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, ResponseBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const agent = chooseAgent(deps.agents, req, body.model);
    const settings = toResponseMedia(deps.config.current());
    const attached = await readAttachments({ media: deps.media, settings }, call, listResponseParts(body));
    const run = createOrderedId().replaceAll('-', '');
    const aside = isResponseAside(call, body);
    const session = chooseResponseSession(deps, { call, body, agent, run, aside });
    const { previous_response_id: previous } = body;
    const told = toResponseInput(body, {
      findToolName: findToolNameIn(deps.sessions, session.key, previous),
      findItem: findItemIn(deps),
      isRepeated: findRepeated(previous ? findOutput(deps, previous) : []),
      attached,
    });
    const asked: RunInput = {
      runId: body.store === false ? unstoredId(run) : responseId(run),
      agent,
      sessionKey: session.key,
      transient: session.transient,
      model: chooseModel(deps.models, call),
      ...told,
      ...(previous ? { follows: { runId: previous } } : toContinuation(session, told, deps.commands)),
      // What a response follows has to be there when a later one goes on from it.
      ...(session.transient && told.history && !previous && body.store !== false && { follows: 'history' }),
      ...(aside && { promptMode: 'none', withoutTools: true }),
    };
    const input = aside ? asked : interpretNewest(asked, deps, call);
    const head: ResponseHead = { id: responseId(run), created: Math.floor(Date.now() / 1000), body };
    tellSession(res, session);
    const writer = createResponseEvents(head, run, (answer) => keep(deps, answer, body));
    if (body.stream) {
      const forget = deps.responses.open(head.id, toResponseObject(head, { status: 'in_progress', output: [] }));
      res.once('close', forget);
      return streamReply(deps.runs, { visit: call, input, writer, limits });
    }
    const { end } = await collectReply(deps.runs, { visit: call, input }, (step) => take(writer, step));
    sendJson(res, writer.whole(end));
  };
}

/** An answer that cannot be kept has been of use when the caller has it. */
function keep({ responses, log }: HttpDeps, answer: ResponseObject, { store }: ResponseBody): void {
  if (store === false) return;
  try {
    responses.keep(answer.id, answer);
  } catch (error) {
    log.error(`${answer.id} could not be kept`, { error: String(error) });
  }
}

/** What is streamed to others decides what stands in the one object, too. */
function take(writer: ResponseWriter, step: ReplyStep): void {
  if (step.type === 'text') writer.text(step.delta);
  else if (step.type === 'reasoning') writer.reasoning(step.delta);
  else if (step.type === 'toolCall') writer.toolCall(step.call);
  else if (step.type === 'turn') writer.turn();
}

interface SessionRequest {
  call: Call;
  body: ResponseBody;
  agent: AgentSpec;
  run: string;
  aside: boolean;
}

/** Who goes on from a response asks about nothing else. */
function isResponseAside({ req }: Call, { stream, metadata, instructions, input, previous_response_id }: ResponseBody) {
  if (previous_response_id) return false;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const messages = instructions === undefined ? items : [{ role: 'system', content: instructions }, ...items];
  return isAside(req, { stream, metadata, messages });
}

const ownPrefix = 'responses:';

/** As other routes choose it; `previous_response_id` goes on where that response stands. */
function chooseResponseSession(deps: HttpDeps, { call, body, agent, run, aside }: SessionRequest): ChosenSession {
  if (body.previous_response_id) return findSessionOf(deps, body.previous_response_id, agent);
  const session = chooseSession(call.req, { ...body, isAside: aside }, toPlace(deps, agent));
  return session.transient ? { ...session, key: toSessionKey(agent.id, `${ownPrefix}${run}`).key } : session;
}

function findSessionOf({ runs, sessions, responses }: HttpDeps, id: string, agent: AgentSpec): ChosenSession {
  const row = responses.has(id) ? runs.find(id) : undefined;
  if (row?.agentId === agent.id && sessions.lastOf(row.sessionKey, id) !== undefined) {
    const transient = row.sessionKey.startsWith(toSessionKey(agent.id, ownPrefix).key);
    return { key: row.sessionKey, transient, isTold: false };
  }
  throw refuse(400, `previous response "${id}" is not kept for agent "${agent.id}"`, {
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  });
}
