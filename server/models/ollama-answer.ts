import type { Reader } from './answer.ts';
import { type Callee, toAnswerFailure, toMalformedFailure } from './failure.ts';
import type { ModelEvent } from './provider.ts';
import { type DraftCall, toToolCalls } from './tool-calls.ts';

/** Reads the answer of `/api/chat`: one JSON object a line, the last one with `done: true` and the counts. */
export function readOllamaLines(callee: Callee): Reader {
  const drafts: DraftCall[] = [];
  let rest = '';

  function push(piece: string): ModelEvent[] {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineChars) return malformed('an endless line', '');
    const events: ModelEvent[] = [];
    for (const line of lines) {
      if (line.trim() !== '') events.push(...readLine(line));
      const last = events.at(-1)?.type;
      if (last === 'finish' || last === 'failure') break;
    }
    return events;
  }

  function readLine(text: string): ModelEvent[] {
    let line: Line | null;
    try {
      line = JSON.parse(text);
    } catch {
      return malformed('a line of JSON', text);
    }
    if (typeof line !== 'object' || line === null) return malformed('an object', text);
    if (line.error) {
      return [{ type: 'failure', failure: toAnswerFailure(callee, { status: 200, headers: {}, body: text }) }];
    }
    const { thinking, content, tool_calls: calls } = line.message ?? {};
    for (const call of Array.isArray(calls) ? calls : []) {
      const json = JSON.stringify(call.function?.arguments ?? {});
      drafts.push({ index: drafts.length, id: call.id ?? '', name: call.function?.name ?? '', json });
    }
    const events: ModelEvent[] = [];
    if (thinking) events.push({ type: 'reasoning', delta: String(thinking) });
    if (content) events.push({ type: 'text', delta: String(content) });
    return line.done ? [...events, ...finish(line)] : events;
  }

  function finish(line: Line): ModelEvent[] {
    const made = toToolCalls(callee, drafts, line.done_reason === 'length');
    if (!Array.isArray(made)) return [{ type: 'failure', failure: made }];
    const reason = line.done_reason === 'length' ? 'length' : made.length > 0 ? 'toolCalls' : 'stop';
    const input = line.prompt_eval_count ?? 0;
    const output = line.eval_count ?? 0;
    return [...made, { type: 'finish', reason, usage: { input, output, total: input + output } }];
  }

  function malformed(what: string, excerpt: string): ModelEvent[] {
    return [{ type: 'failure', failure: toMalformedFailure(callee, what, excerpt) }];
  }

  return {
    push,
    // The last line may lack its line break.
    end: () => push('\n'),
  };
}

const maxLineChars = 4 * 1024 * 1024;

/** The members of a line that we read; every one may be missing. */
interface Line {
  error?: unknown;
  done?: boolean;
  done_reason?: string;
  prompt_eval_count?: number;
  eval_count?: number;
  message?: {
    content?: unknown;
    thinking?: unknown;
    tool_calls?: { id?: string; function?: { name?: string; arguments?: unknown } }[];
  };
}
