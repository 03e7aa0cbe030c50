import type { RunInput } from '../../agent/runs.ts';
import { toChatMedia } from '../../media/settings.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import { readJson } from '../body.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { type Handler, sendJson } from '../route.ts';
import { chooseAgent, chooseModel } from './agent.ts';
import { isAside } from './aside.ts';
import { readAttachments } from './attachments.ts';
import { ChatBody } from './chat-body.ts';
import { type ChatHead, createChatChunks, toCompletion } from './chat-chunks.ts';
import { toChatInput } from './chat-input.ts';
import { listChatParts } from './chat-parts.ts';
import { wantsFunctionCall } from './legacy-functions.ts';
import { collectReply } from './reply.ts';
import { chooseSession, findToolNameIn, tellSession, toContinuation, toPlace } from './session.ts';
import { type ReplyWriter, streamReply } from './stream.ts';
import { interpretNewest } from './typed.ts';

/** Answers POST /v1/chat/completions, streamed or in one piece. */
export function chatCompletions(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, ChatBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const agent = chooseAgent(deps.agents, req, body.model);
    const aside = isAside(req, body);
    const session = chooseSession(req, { ...body, isAside: aside }, toPlace(deps, agent));
    const id = `chatcmpl-${createOrderedId().replaceAll('-', '')}`;
    const settings = toChatMedia(deps.config.current());
    const attached = await readAttachments({ media: deps.media, settings }, call, listChatParts(body));
    const told = toChatInput(body, findToolNameIn(deps.sessions, session.key), attached);
    const asked: RunInput = {
      runId: id,
      agent,
      sessionKey: session.key,
      transient: session.transient,
      // A caller brings the whole conversation along; nothing of this API leads back to what is kept here.
      unkept: session.transient,
      model: chooseModel(deps.models, call),
      ...told,
      ...toContinuation(session, told, deps.commands),
      ...(aside && { promptMode: 'none', withoutTools: true }),
    };
    const input = aside ? asked : interpretNewest(asked, deps, call);
    const created = Math.floor(Date.now() / 1000);
    const head: ChatHead = { id, created, model: body.model, isLegacy: wantsFunctionCall(body) };
    tellSession(res, session);
    if (!body.stream) return sendJson(res, toCompletion(head, await collectReply(deps.runs, { visit: call, input })));
    const writer = toWriter(head, body.stream_options?.include_usage ?? false);
    return streamReply(deps.runs, { visit: call, input, writer, limits });
  };
}

function toWriter(head: ChatHead, includeUsage: boolean): ReplyWriter {
  const chunks = createChatChunks(head, includeUsage);
  return {
    head: chunks.role,
    turn: chunks.turn,
    reasoning: chunks.reasoning,
    text: chunks.text,
    toolCall: chunks.toolCall,
    done: (end) => chunks.finish(end) + chunks.done,
    failed: (failure) => chunks.error(failure) + chunks.done,
  };
}
