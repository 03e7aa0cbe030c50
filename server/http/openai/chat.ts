import { toChatMedia } from '../../media/settings.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import { readJson } from '../body.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { type Handler, sendJson } from '../route.ts';
import { chooseAgent } from './agent.ts';
import { isAside } from './aside.ts';
import { readAttachments } from './attachments.ts';
import { ChatBody } from './chat-body.ts';
import { type ChatHead, createChatChunks, toCompletion } from './chat-chunks.ts';
import { toChatInput } from './chat-input.ts';
import { listChatParts } from './chat-parts.ts';
import { toContinuation } from './continuation.ts';
import { wantsFunctionCall } from './legacy-functions.ts';
import { findToolNameIn } from './past-calls.ts';
import { collectReply } from './reply.ts';
import { toRunInput } from './run-input.ts';
import { chooseSession, tellSession } from './session.ts';
import { streamReply } from './stream.ts';

/*
 * One completion; a response (responses.ts) takes the same way with files of its own for what is in brackets:
 *
 *   body [chat-body] -> agent -> session -> images and files [chat-parts], attachments -> what is told [chat-input]
 *     -> run-input -> Runs.start, steps of the reply (reply.ts) -> chunks (stream.ts), or one object [chat-chunks]
 */

/** Answers POST /v1/chat/completions, streamed or in one piece. */
export function chatCompletions(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, ChatBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const agent = chooseAgent(deps.agents, req, body.model);
    const aside = isAside(req, body);
    const session = chooseSession(deps, { req, agent }, { ...body, isAside: aside });
    const settings = toChatMedia(deps.config.current());
    const attached = await readAttachments({ media: deps.media, settings }, call, listChatParts(body));
    const told = toChatInput(body, findToolNameIn(deps.sessions, session.key), attached);
    const runId = `chatcmpl-${createOrderedId().replaceAll('-', '')}`;
    // A caller brings the whole conversation along; nothing of this API leads back to what is kept here.
    const goesOn = { ...toContinuation(session, told, deps.commands), unkept: session.transient };
    const input = toRunInput(deps, call, { runId, agent, session, told, goesOn, isAside: aside });
    const created = Math.floor(Date.now() / 1000);
    const head: ChatHead = { id: runId, created, model: body.model, isLegacy: wantsFunctionCall(body) };
    tellSession(res, session);
    if (!body.stream) return sendJson(res, toCompletion(head, await collectReply(deps.runs, { visit: call, input })));
    const writer = createChatChunks(head, body.stream_options?.include_usage ?? false);
    return streamReply(deps.runs, { visit: call, input, writer, limits });
  };
}
