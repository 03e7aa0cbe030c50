import type { Cost, Usage } from '../../sdk/protocol/usage.ts';
import type {
  AssistantPart,
  ModelEvent,
  ModelFailure,
  ModelMessage,
  ModelRequest,
  ToolDeclaration,
} from '../models/provider.ts';
import type { Model } from '../models/registry.ts';
import { createPatience, isWorthFallback } from './candidates.ts';
import { orAborted, untilAborted } from './patience.ts';

/*
 * One run, turn by turn:
 *
 *   model -> text* reasoning* toolCall* -> called -> message -> [toolStart -> toolEnd]* -> model -> ... -> message -> (return)
 *
 * A failure before a turn's first token, that of thinking included, tries the next candidate (`fallback`), unless it is the
 * caller's own; later it ends the run.
 */

/** What a run works with. */
export interface LoopContext {
  /** The model to use, then what to try when it fails before its first token. Never empty. */
  candidates: readonly Model[];
  /** Milliseconds until the first token of a turn, all candidates together. Default 30 000. */
  firstMs?: number | undefined;
  messages: ModelMessage[];
  request: Omit<ModelRequest, 'messages' | 'tools'>;
  /** Tools that run here. */
  tools: readonly ToolDeclaration[];
  /** Tools that the caller runs: a call of one ends the run. */
  clientTools: readonly ToolDeclaration[];
  /** Calls of `tools` that run; further ones are answered with that. Default: no limit. */
  maxToolCalls?: number | undefined;
  /**
   * Makes room after the model refused a conversation that is too long, and answers it as it is then; undefined when there
   * is no more room to be had. Contract: does not reject.
   */
  recover?: (() => Promise<ModelMessage[] | undefined>) | undefined;
  /** Contract: never rejects; a tool's failure is its output, with `isError`. */
  callTool(call: ToolCall, signal: AbortSignal): Promise<ToolResult>;
  steering?: Steering | undefined;
}

/** Messages that go into a run while it works. */
export interface Steering {
  /** True when some wait: tools that have not begun are then left out, so that the model reads them first. */
  isWaiting(): boolean;
  /** Takes them in, oldest first. Called between a tool's result and the next call of the model. Contract: does not throw. */
  take(): ModelMessage[];
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export interface ToolResult {
  output: string;
  isError: boolean;
}

/** One thing that happens in a run, told as it happens. */
export type LoopStep =
  | { type: 'model'; model: Model }
  /** A call is over, however it ended. */
  | { type: 'called'; model: Model; usage: Usage; hasSpoken: boolean }
  | { type: 'fallback'; from: Model; to: Model; failure: ModelFailure }
  | { type: 'text'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'clientToolCall'; call: ToolCall }
  /** The turn's message is complete, or as complete as it will get. */
  | {
      type: 'message';
      content: AssistantPart[];
      model: ModelName;
      usage: Usage;
      stopReason: string;
      errorMessage?: string;
    }
  | { type: 'toolStart'; call: ToolCall }
  | { type: 'toolEnd'; call: ToolCall; result: ToolResult };

/** What a message was written by. */
export type ModelName = Pick<Model, 'provider' | 'id' | 'api'>;

/** How the loop ended. */
export interface LoopEnd {
  finish: 'stop' | 'length' | 'toolCalls' | 'contentFilter' | 'other';
  /** Of all turns together. */
  usage: Usage;
  /** The model that was used last. */
  model: Model;
  failure?: ModelFailure | undefined;
}

/** Model calls in one run; a model that never stops calling tools ends here. */
export const maxTurns = 32;

/** Characters of one answer, reasoning included: several times what models can write. One that does not stop is cut off. */
export const maxAnswerChars = 4 * 1024 * 1024;

export const noUsage: Usage = { input: 0, output: 0, total: 0 };

const noCost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };

/** Runs turns until the model has answered, fails, or `signal` fires. Never throws for a model's or a tool's failure. */
export async function runLoop(
  context: LoopContext,
  emit: (step: LoopStep) => void,
  signal: AbortSignal,
): Promise<LoopEnd> {
  let messages = [...context.messages];
  const [first] = context.candidates;
  if (!first) throw new Error('a run without a model');
  let { candidates } = context;
  let usage = noUsage;
  let model = first;
  const { maxToolCalls = Number.POSITIVE_INFINITY } = context;
  let called = 0;

  for (let turns = 0; turns < maxTurns; turns++) {
    const turn = await runTurn({ ...context, candidates, messages }, emit, signal);
    usage = addUsage(usage, turn.usage);
    model = turn.model;
    // Whoever stepped in goes on: the next turn would only wait for the same failure again.
    candidates = candidates.slice(candidates.indexOf(model));
    messages = [...turn.messages];
    if (turn.failure || signal.aborted) return { finish: 'other', usage, model, failure: turn.failure };
    if (turn.calls.length === 0) return { finish: turn.finish, usage, model };

    messages.push({ role: 'assistant', content: turn.content });
    const clientCalls = turn.calls.filter((call) => context.clientTools.some((tool) => tool.name === call.name));
    for (const call of clientCalls) emit({ type: 'clientToolCall', call });
    if (clientCalls.length > 0) return { finish: 'toolCalls', usage, model };
    for (const call of turn.calls) {
      if (signal.aborted) return { finish: 'other', usage, model };
      const obstacle = context.steering?.isWaiting() ? interrupted : called >= maxToolCalls ? exhausted : undefined;
      if (!obstacle) called++;
      messages.push(await (obstacle ? skipTool(call, obstacle, emit) : runTool(context, call, { emit, signal })));
    }
    if (signal.aborted) return { finish: 'other', usage, model };
    messages.push(...(context.steering?.take() ?? []));
  }
  return { finish: 'other', usage, model, failure: tooManyTurns(model) };
}

interface Turn {
  /** What the model was sent. */
  messages: ModelMessage[];
  content: AssistantPart[];
  calls: ToolCall[];
  finish: LoopEnd['finish'];
  usage: Usage;
  model: Model;
  failure: ModelFailure | undefined;
  /** True once anything was told of what the model said or thought. */
  hasBegun: boolean;
}

/** One call of a model, with the next candidates tried while nothing has been said. */
async function runTurn(context: LoopContext, emit: (step: LoopStep) => void, signal: AbortSignal): Promise<Turn> {
  let { messages } = context;
  let patience = createPatience(context.firstMs);
  const call = async (model: Model, left: number) => {
    emit({ type: 'model', model });
    const firstMs = patience.share(left);
    const turn = await callModel(model, { ...context, messages }, { emit, signal, firstMs });
    emit({ type: 'called', model, usage: turn.usage, hasSpoken: turn.content.length > 0 });
    return turn;
  };
  for (const [index, model] of context.candidates.entries()) {
    const left = context.candidates.length - index;
    let turn = await call(model, left);
    const isTooLong = turn.failure?.kind === 'context_length' && !turn.hasBegun;
    const shorter = isTooLong && !signal.aborted ? await context.recover?.() : undefined;
    if (shorter && !signal.aborted) {
      messages = shorter;
      // Making room took time that is not the provider's.
      patience = createPatience(context.firstMs);
      turn = await call(model, left);
    }
    const next = context.candidates[index + 1];
    if (turn.failure && !turn.hasBegun && next && !signal.aborted && isWorthFallback(turn.failure)) {
      emit({ type: 'fallback', from: model, to: next, failure: turn.failure });
      continue;
    }
    if (turn.content.length > 0 || turn.failure) {
      const stopReason = turn.failure ? 'error' : signal.aborted ? 'aborted' : stopReasons[turn.finish];
      const errorMessage = turn.failure?.message;
      const { content, usage } = turn;
      emit({ type: 'message', content, model, usage, stopReason, ...(errorMessage && { errorMessage }) });
    }
    return turn;
  }
  throw new Error('a run without a model');
}

async function callModel(
  model: Model,
  { messages, request, tools, clientTools }: LoopContext,
  { emit, signal, firstMs }: { emit: (step: LoopStep) => void; signal: AbortSignal; firstMs: number },
): Promise<Turn> {
  const turn: Turn = {
    messages,
    content: [],
    calls: [],
    finish: 'other',
    usage: noUsage,
    model,
    failure: undefined,
    hasBegun: false,
  };
  // A name can be declared only once; the caller knows what it meant by its own.
  const ours = tools.filter((tool) => !clientTools.some(({ name }) => name === tool.name));
  const declared = [...ours, ...clientTools];
  const asked = { ...request, messages, ...(declared.length > 0 && { tools: declared }) };
  const stream = model.stream(asked, signal, { firstMs });
  let chars = 0;
  for await (const event of untilAborted(stream, signal)) {
    turn.hasBegun ||= event.type !== 'finish' && event.type !== 'failure';
    receive(turn, event, emit);
    if (event.type === 'text' || event.type === 'reasoning') chars += event.delta.length;
    if (chars <= maxAnswerChars) continue;
    turn.failure = tooLong(model);
    break;
  }
  return turn;
}

function receive(turn: Turn, event: ModelEvent, emit: (step: LoopStep) => void): void {
  switch (event.type) {
    case 'text': {
      const last = turn.content.at(-1);
      if (last?.type === 'text') last.text += event.delta;
      else turn.content.push({ type: 'text', text: event.delta });
      for (const delta of event.pieces ?? [event.delta]) emit({ type: 'text', delta });
      break;
    }
    case 'reasoning':
      emit({ type: 'reasoning', delta: event.delta });
      break;
    case 'toolCall': {
      const { id, name } = event;
      turn.calls.push({ id, name, arguments: event.arguments });
      turn.content.push({ type: 'toolCall', id, name, arguments: event.arguments });
      break;
    }
    case 'finish':
      turn.finish = event.reason;
      turn.usage = event.usage;
      break;
    case 'failure':
      turn.failure = event.failure;
  }
}

async function runTool(
  context: LoopContext,
  call: ToolCall,
  { emit, signal }: { emit: (step: LoopStep) => void; signal: AbortSignal },
): Promise<ModelMessage> {
  emit({ type: 'toolStart', call });
  const result = await orAborted(context.callTool(call, signal), signal, abortedResult);
  return endTool(call, result, emit);
}

const abortedResult: ToolResult = {
  output: 'no result: the run was aborted before the tool answered',
  isError: true,
};

const interrupted = 'Skipped: a message came in first. The tool has not run.';
const exhausted = 'Skipped: the caller allows no more tool calls in this run. Answer with what there is.';

function skipTool(call: ToolCall, output: string, emit: (step: LoopStep) => void): ModelMessage {
  emit({ type: 'toolStart', call });
  return endTool(call, { output, isError: true }, emit);
}

function endTool(call: ToolCall, result: ToolResult, emit: (step: LoopStep) => void): ModelMessage {
  emit({ type: 'toolEnd', call, result });
  return { role: 'tool', toolCallId: call.id, toolName: call.name, ...result };
}

/** Adds up tokens, and costs when both sides have one. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum = (member: 'cacheRead' | 'cacheWrite' | 'reasoning') =>
    a[member] === undefined && b[member] === undefined ? {} : { [member]: (a[member] ?? 0) + (b[member] ?? 0) };
  const costs = [a, b].map((usage) => usage.cost ?? (usage.total === 0 ? noCost : undefined));
  const cost = (a.cost || b.cost) && costs[0] && costs[1] && addCosts(costs[0], costs[1]);
  const total = a.total + b.total;
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    ...sum('cacheRead'),
    ...sum('cacheWrite'),
    ...sum('reasoning'),
    total,
    ...(b.totalTokens !== undefined && { totalTokens: total }),
    ...(cost && { cost }),
  };
}

function addCosts(a: Cost, b: Cost): Cost {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    total: a.total + b.total,
  };
}

const stopReasons: Record<LoopEnd['finish'], string> = {
  stop: 'stop',
  length: 'length',
  toolCalls: 'toolUse',
  contentFilter: 'contentFilter',
  other: 'stop',
};

function tooManyTurns(model: Model): ModelFailure {
  return toFailure(model, `the model called tools in ${maxTurns} turns without an answer; the run was ended`);
}

function tooLong(model: Model): ModelFailure {
  return toFailure(model, `${model.provider} did not stop after ${maxAnswerChars} characters; the answer was cut off`);
}

function toFailure({ provider, id }: Model, message: string): ModelFailure {
  return { kind: 'unknown', message, provider, model: id, retryable: false };
}
