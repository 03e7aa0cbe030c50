import type { RunEvent, RunOutcome, TerminalReceipt } from '../../sdk/protocol/agent.ts';
import type { InputReceipt, PendingInputs } from '../../sdk/protocol/pending.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { AgentSpec } from '../config/agents.ts';
import type { ModelFailure, ModelMessage, ModelWishes, ToolDeclaration, UserPart } from '../models/provider.ts';
import type { QueueRequest } from './queue-settings.ts';

/** Everything a run needs to know before it is accepted. */
export interface RunInput {
  /** Also the idempotency key: the same id again starts nothing. */
  runId: string;
  agent: AgentSpec;
  /** Canonical. */
  sessionKey: string;
  /** True for a conversation over HTTP that nobody named: it is kept out of lists and pruned after a day. */
  transient?: boolean | undefined;
  /**
   * True for a transient one that nobody can come back to: no session is made, and only the run itself is kept.
   * Contract: its id is new.
   */
  unkept?: boolean | undefined;
  content: UserPart[];
  /** Ends what works in the session and starts its transcript afresh, together with accepting the run; the word is recorded. */
  afresh?: 'new' | 'reset' | undefined;
  /**
   * What the caller's own tools answered to the calls of an earlier run. They stand right before `content` (which may then
   * be empty) and are recorded in the session like it.
   */
  toolResults?: Extract<ModelMessage, { role: 'tool' }>[] | undefined;
  /** The conversation before `content`, when the caller brings it along; otherwise what the session holds. */
  history?: ModelMessage[] | undefined;
  /**
   * What `content` follows. `history`: the transcript is brought in line with that first, so that afterwards it holds the
   * conversation as the caller knows it. A run: the conversation goes on from its reply, with `history` behind that, and later ones are not told.
   * Absent: it follows what the session holds, and `history` is not kept.
   */
  follows?: 'history' | { runId: string } | undefined;
  /** Name for display of the session, when this run makes it. */
  name?: string | undefined;
  /** Model reference; otherwise the session's, else the agent's. */
  model?: string | undefined;
  thinking?: string | undefined;
  /** Instructions added to the agent's own. */
  extraSystemPrompt?: string | undefined;
  /** Tools that the caller runs itself: a call of one ends the run. */
  clientTools?: ToolDeclaration[] | undefined;
  /** Calls of the gateway's own tools that run; a model that wants more is told that there are none. */
  maxToolCalls?: number | undefined;
  /** Passed to the model as they are. */
  request?: ModelWishes | undefined;
  /** How much is said before the conversation: all, only who the agent is, or nothing but `extraSystemPrompt`. Default `full`. */
  promptMode?: 'full' | 'minimal' | 'none' | undefined;
  /** Leaves the gateway's own tools out. */
  withoutTools?: boolean | undefined;
  /**
   * What becomes of the message when its session is at work. Absent: it waits for a run of its own, is joined with no other,
   * and is refused when the line is full.
   */
  queue?: QueueRequest | undefined;
  /** Milliseconds; the configured limit when absent or 0. */
  timeoutMs?: number | undefined;
  /** Connection that started the run; the `tool` stream goes only there. */
  connection?: string | undefined;
  /**
   * Answers instead of a model, at once, whatever works in the session: a chat command. What was said and answered is kept in
   * the transcript, marked, and no model is told of it.
   */
  answer?: ((signal: AbortSignal) => string | Promise<string>) | undefined;
}

/** True for a run that shows as the session's state: neither a transient one nor a chat command. */
export const isTracked = ({ transient, answer }: RunInput): boolean => !transient && !answer;

/** A step of a run as it happens, before any joining of text. */
export type RunStep =
  | { type: 'started' }
  /** A call of this model begins; more than once when tools run or a fallback is tried. */
  | { type: 'model'; provider: string; model: string }
  | { type: 'text'; delta: string }
  | { type: 'reasoning'; delta: string }
  /** A call of one of the caller's own tools; the run ends after it. */
  | { type: 'clientToolCall'; id: string; name: string; arguments: Record<string, unknown> }
  | { type: 'ended'; end: RunEnd };

/** How a run ended. */
export interface RunEnd {
  status: 'ok' | 'error' | 'aborted' | 'timeout' | 'interrupted';
  /** The reply as far as it got. */
  text: string;
  /** Of the last model call. */
  finish: 'stop' | 'length' | 'toolCalls' | 'contentFilter' | 'other';
  usage: Usage;
  provider: string | undefined;
  model: string | undefined;
  startedAt: number;
  endedAt: number;
  /** On `error` and `timeout`. */
  failure?: ModelFailure | undefined;
  /** `rpc`, `disconnect`, `timeout`, `shutdown`, `reset`, `interrupt`, `dropped`: who ended it. */
  stopReason?: string | undefined;
  /** The run whose reply this is, when the message was steered into it or collected with it. */
  answeredBy?: string | undefined;
  receipt: TerminalReceipt;
}

/** A run that is queued or working. */
export interface Run {
  readonly id: string;
  readonly sessionKey: string;
  readonly agentId: string;
  /** The reply so far. */
  readonly text: string;
  readonly startedAt: number | undefined;
  /** The model that was asked last. */
  readonly model: { provider: string; model: string } | undefined;
  /** The run whose reply will answer this one's message, too. */
  readonly answeredBy: string | undefined;
  /** What has happened besides text, oldest first, a bounded number: for clients that come in the middle. */
  readonly recent: readonly RunEvent[];
  /** Never rejects: a failure is an end like any other. */
  readonly ended: Promise<RunEnd>;
  /** Calls back for every step from now on, in order, until the run ends. @returns how to stop listening. */
  watch(listener: (step: RunStep) => void): () => void;
  /** Ends the run; the text so far is kept. Harmless when it has ended. */
  abort(stopReason: string): void;
}

/** The answer to a request to run. */
export interface Acceptance {
  row: RunRow;
  /** True when the id had been used before: nothing was started. */
  replayed: boolean;
  /** The run, while it is queued or working. */
  run: Run | undefined;
}

export interface WaitOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Who waits, for example a connection: has a limited number of waits at a time. */
  caller?: string | undefined;
}

/** Starts runs, one at a time in each session, and knows those that work. */
export interface Runs {
  /**
   * Accepts a run. Resolves when the user's message and the run are on disk.
   * @throws GatewayError UNAVAILABLE while the gateway stops, when too many runs wait, or when the disk refuses it.
   */
  start(input: RunInput): Promise<Acceptance>;
  /** The run with that id, working or ended. */
  find(runId: string): RunRow | undefined;
  /** The run with that id, while it is queued or working. */
  live(runId: string): Run | undefined;
  /** Queued and working runs of a session, the working one first. */
  liveIn(sessionKey: string): Run[];
  /** Aborts what works or waits in a session, a summary too. Resolves when their ends are written, or after 3 s. */
  endIn(sessionKey: string, stopReason: string): Promise<void>;
  /** True while a run works or waits in a session; commands do not count. */
  isBusy(sessionKey: string): boolean;
  counts(): { active: number; queued: number };
  /** Waits for the end of a run; an unknown id waits out the time. @throws GatewayError UNAVAILABLE, when a caller waits too often. */
  wait(runId: string, options: WaitOptions): Promise<RunOutcome>;
  /** Messages of a session that are accepted and not in its transcript; `before` is a `nextBefore`. */
  pending(sessionKey: string, before?: number): PendingInputs;
  /** Where the messages of these runs are, of those that are known. */
  receipts(sessionId: string, runIds: readonly string[]): InputReceipt[];
  /** The run's event log after a sequence number. */
  events(runId: string, after: number, limit: number): { events: RunEvent[]; hasMore: boolean };
  /** Refuses new runs, waits up to `timeoutMs` for the others, then aborts them as interrupted. */
  drain(timeoutMs: number): Promise<void>;
}
