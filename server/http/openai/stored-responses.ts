import type { ResponseItemList } from 'openai/resources/responses/input-items';
import type {
  ResponseFunctionToolCallOutputItem,
  ResponseInputContent,
  ResponseInputMessageItem,
} from 'openai/resources/responses/responses';
import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import { decodePath } from '../path.ts';
import { type Call, type Handler, sendJson } from '../route.ts';

/*
 * What was answered to POST /v1/responses, by its id:
 *
 *   GET /v1/responses/{id}   DELETE /v1/responses/{id}   GET /v1/responses/{id}/input_items   POST /v1/responses/{id}/cancel
 */

export const responsesPath = '/v1/responses';

type Deps = Pick<HttpDeps, 'responses' | 'sessions'>;

/** Answers a response again, as it was, or as far as it has got. */
export function showResponse(deps: Deps): Handler {
  return (call) => {
    if (queryOf(call).get('stream') === 'true')
      throw refuse(400, 'stream: a response that is kept is answered in one piece; leave stream out', {
        code: 'unsupported_parameter',
        param: 'stream',
      });
    const id = idOf(call);
    sendJson(call.res, deps.responses.underWay(id) ?? findKept(deps, id).answer);
  };
}

/** Forgets a response: it can neither be read again nor gone on with. Its messages stay with the session. */
export function deleteResponse(deps: Deps): Handler {
  return (call) => {
    const id = idOf(call);
    findKept(deps, id);
    deps.responses.remove(id);
    sendJson(call.res, { id, object: 'response', deleted: true });
  };
}

/** As at OpenAI, only background responses can be cancelled; there are none here. */
export function cancelResponse(deps: Deps): Handler {
  return (call) => {
    const id = idOf(call);
    if (deps.responses.underWay(id) === undefined) findKept(deps, id);
    throw refuse(400, `response "${id}" is no background response: close its request to stop it`, {
      param: 'response_id',
    });
  };
}

/** Answers what the transcript has as the input of a response, newest first unless `order=asc`. */
export function listInputItems(deps: Deps): Handler {
  return (call) => {
    const id = idOf(call);
    const { sessionKey } = findKept(deps, id);
    const own = deps.sessions.ofRun(sessionKey, id);
    const answer = own.findIndex(({ role }) => role === 'assistant');
    const given = answer < 0 ? own : own.slice(0, answer);
    const items = given.flatMap((message, index) => toInputItem(message, `${id.replace(/^resp_/, 'in_')}_${index}`));
    sendJson(call.res, toPage(items, queryOf(call)));
  };
}

// --- internal ---

const maxPage = 100;

/** Where a page is empty, OpenAI sends null for what its type calls a string. */
type InputItemPage = Omit<ResponseItemList, 'first_id' | 'last_id'> & Record<'first_id' | 'last_id', string | null>;

/** One page of a list, as OpenAI cuts them: `limit`, `order` and `after`. */
function toPage(items: readonly InputItem[], query: URLSearchParams): InputItemPage {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPage)
    throw refuse(400, `limit: expected a number from 1 to ${maxPage}`, { param: 'limit' });
  const ordered = query.get('order') === 'asc' ? items : items.toReversed();
  const start = ordered.findIndex((item) => item.id === query.get('after')) + 1;
  const data = ordered.slice(start, start + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  };
}

type InputItem = Required<ResponseInputMessageItem> | (ResponseFunctionToolCallOutputItem & { call_id: string });

function toInputItem({ role, content, toolCallId }: ChatMessage, id: string): InputItem[] {
  if (role === 'user') {
    const parts = content.flatMap((part): ResponseInputContent[] => {
      if (part.type === 'text') return [{ type: 'input_text', text: part.text }];
      if (part.type !== 'image') return [];
      const image_url = `data:${part.mimeType};base64,${part.data}`;
      return [{ type: 'input_image', detail: 'auto', file_id: null, image_url }];
    });
    return [{ id, type: 'message', role, status: 'completed', content: parts }];
  }
  if (role !== 'toolResult' || toolCallId === undefined) return [];
  const output = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return [{ id, type: 'function_call_output', call_id: toolCallId, output, status: 'completed' }];
}

/** @throws GatewayError that leaves as 404; also once the conversation is gone that the response belongs to. */
function findKept({ responses, sessions }: Deps, id: string) {
  const kept = responses.find(id);
  if (kept && sessions.find(kept.sessionKey)) return kept;
  throw refuse(404, `response "${id}" is not kept here: it was never stored, was deleted, or is too old`, {
    type: 'invalid_request_error',
    code: 'not_found',
    param: 'response_id',
  });
}

function idOf({ path }: Call): string {
  const [id = ''] = path.slice(responsesPath.length + 1).split('/');
  return decodePath(id) ?? id;
}

function queryOf({ req }: Call): URLSearchParams {
  const url = req.url ?? '';
  return new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
}
