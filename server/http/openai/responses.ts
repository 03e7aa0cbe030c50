import type { RunInput } from '../../agent/runs.ts';
import { toResponseMedia } from '../../media/settings.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import { readJson } from '../body.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { type Handler, sendJson } from '../route.ts';
import { chooseAgent } from './agent.ts';
import { readAttachments } from './attachments.ts';
import type { ChatInput } from './chat-input.ts';
import { toContinuation } from './continuation.ts';
import { findToolNameIn } from './past-calls.ts';
import { collectReply } from './reply.ts';
import { ResponseBody } from './response-body.ts';
import { createResponseEvents } from './response-events.ts';
import { toResponseInput } from './response-input.ts';
import { type ResponseHead, type ResponseObject, toResponseObject } from './response-object.ts';
import { listResponseParts } from './response-parts.ts';
import { findRepeated } from './response-repeats.ts';
import { chooseResponseSession, isResponseAside } from './response-session.ts';
import { toRunInput } from './run-input.ts';
import { type ChosenSession, tellSession } from './session.ts';
import { findItemIn, findOutput, responseId, unstoredId } from './stored-items.ts';
import { streamReply, writeStep } from './stream.ts';

/** Answers POST /v1/responses, streamed or in one piece, by the way that chat.ts draws. */
export function responses(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, ResponseBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const agent = chooseAgent(deps.agents, req, body.model);
    const run = createOrderedId().replaceAll('-', '');
    const isAside = isResponseAside(call, body);
    const settings = toResponseMedia(deps.config.current());
    const attached = await readAttachments({ media: deps.media, settings }, call, listResponseParts(body));
    const session = chooseResponseSession(deps, { call, body, agent, run, isAside });
    const { previous_response_id: previous } = body;
    const told = toResponseInput(body, {
      findToolName: findToolNameIn(deps.sessions, session.key, previous),
      findItem: findItemIn(deps),
      isRepeated: findRepeated(previous ? findOutput(deps, previous) : []),
      attached,
    });
    const runId = body.store === false ? unstoredId(run) : responseId(run);
    const goesOn = toResponseContinuation(deps, body, { session, told });
    const input = toRunInput(deps, call, { runId, agent, session, told, goesOn, isAside });
    const head: ResponseHead = { id: responseId(run), created: Math.floor(Date.now() / 1000), body };
    tellSession(res, session);
    const writer = createResponseEvents(head, run, (answer) => keep(deps, answer, body));
    if (body.stream) {
      res.once('close', deps.responses.open(head.id, toResponseObject(head, { status: 'in_progress', output: [] })));
      return streamReply(deps.runs, { visit: call, input, writer, limits });
    }
    const { end } = await collectReply(deps.runs, { visit: call, input }, (step) => writeStep(writer, step));
    sendJson(res, writer.whole(end));
  };
}

// --- internal ---

/** What a response follows has to be there when a later one goes on from it. */
function toResponseContinuation(
  { commands }: Pick<HttpDeps, 'commands'>,
  { previous_response_id: previous, store }: ResponseBody,
  { session, told }: { session: ChosenSession; told: ChatInput },
): Pick<RunInput, 'history' | 'follows' | 'name'> {
  if (previous) return { follows: { runId: previous } };
  const isFollowed = session.transient && told.history && store !== false;
  return { ...toContinuation(session, told, commands), ...(isFollowed && { follows: 'history' }) };
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
