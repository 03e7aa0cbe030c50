import { setImmediate } from 'node:timers/promises';
import { type DocsIndex, openDocsIndex } from './docs-index.ts';
import { composeAnswer, type GuideAnswer } from './guide-answer.ts';
import { toJsonAnswer } from './guide-json.ts';
import type { GuideLive } from './guide-live.ts';
import type { ModelEvent, ModelFailure, ModelMessage, ModelProvider, ModelRequest } from './provider.ts';

export interface GuideOptions {
  /** Folder of the markdown pages; read once, at the first question. */
  docsDir: string;
  /** How the gateway stands; asked once for each answer. */
  live(): GuideLive;
}

export interface GuideProvider extends ModelProvider {
  /** Frees the index. */
  close(): Promise<void>;
}

/**
 * The provider `builtin` with its one model, `guide`: answers from the gateway's documentation and its live state, without
 * an account, a key or a network. It calls no tools. Usage is estimated at four characters a token.
 */
export function createGuideProvider({ docsDir, live }: GuideOptions): GuideProvider {
  let opening: Promise<DocsIndex> | undefined;
  const open = () => {
    opening ??= openDocsIndex(docsDir).catch((error: unknown) => {
      // The folder may be there at the next question.
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    async *stream(model, request, signal) {
      const refusal = refuse(model, request);
      if (refusal) return yield refusal;
      let index: DocsIndex;
      try {
        index = await open();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return yield toFailure(
          'unavailable',
          `cannot read the documentation in ${docsDir}: ${reason}. Reinstall the gateway, or plug in a language model with OPENAI_API_KEY.`,
        );
      }
      const text = toReply(composeAnswer(toAsked(request.messages), index, live()), request);
      if (text === undefined)
        return yield toFailure('bad_request', 'cannot fill this JSON schema: use an object with a string "answer".');
      yield* speak(text, request, signal);
    },
    async close() {
      const index = await opening?.catch(() => undefined);
      opening = undefined;
      index?.close();
    },
  };
}

/** Deltas between two looks at the event loop. */
const wordsPerTurn = 8;
const charsPerToken = 4;

function refuse(model: string, { toolChoice }: ModelRequest): ModelEvent | undefined {
  if (model !== 'guide') return toFailure('not_found', `there is no model "${model}" here, only builtin/guide.`);
  if (toolChoice === 'required' || typeof toolChoice === 'object')
    return toFailure('bad_request', 'this model calls no tools, so only the tool choices auto and none can be met.', {
      param: 'tool_choice',
      code: 'unsupported_parameter',
    });
  return undefined;
}

/** The text to send: JSON when the caller asks for it; undefined when its schema cannot be filled. */
function toReply(answer: GuideAnswer, { responseFormat }: ModelRequest): string | undefined {
  return responseFormat ? toJsonAnswer(answer, responseFormat.schema) : answer.text;
}

async function* speak(text: string, request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const { said, reason } = limit(text, request);
  let spoken = 0;
  for (const delta of said.match(/\S+\s*|\s+/g) ?? []) {
    if (spoken++ % wordsPerTurn === 0) await setImmediate();
    if (signal.aborted) return;
    yield { type: 'text', delta };
  }
  const input = toTokens((request.system ?? '') + request.messages.map(toPlainText).join(''));
  const output = toTokens(said);
  yield { type: 'finish', reason, usage: { input, output, total: input + output } };
}

/** Ends the text before a stop sequence, and at the most tokens that the caller takes. */
function limit(text: string, { sampling }: ModelRequest): { said: string; reason: 'stop' | 'length' } {
  const stops = (sampling?.stop ?? []).map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  const stopped = text.slice(0, Math.min(text.length, ...stops));
  const most = (sampling?.maxOutputTokens ?? Number.POSITIVE_INFINITY) * charsPerToken;
  return stopped.length > most
    ? { said: stopped.slice(0, most).replace(/[\uD800-\uDBFF]$/, ''), reason: 'length' }
    : { said: stopped, reason: 'stop' };
}

function toAsked(messages: readonly ModelMessage[]) {
  const said = messages.filter(({ role }) => role === 'user').map(toPlainText);
  return {
    question: said.at(-1) ?? '',
    earlier: said.at(-2),
    first: !messages.some(({ role }) => role === 'assistant'),
  };
}

function toPlainText(message: ModelMessage): string {
  if (message.role === 'system') return message.text;
  if (message.role === 'tool') return message.output;
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

const toTokens = (text: string) => Math.ceil(text.length / charsPerToken);

function toFailure(kind: ModelFailure['kind'], what: string, refused?: ModelFailure['refused']): ModelEvent {
  const message = `builtin/guide: ${what}`;
  return {
    type: 'failure',
    failure: { kind, message, provider: 'builtin', model: 'guide', refused, retryable: false },
  };
}
