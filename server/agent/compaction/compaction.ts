import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { Publish } from '../../../sdk/protocol/events.ts';
import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import type { Compaction as CompactionResult } from '../../../sdk/protocol/session-answers.ts';
import type { SessionRow } from '../../../sdk/protocol/session-row.ts';
import type { AgentSpec } from '../../config/agents.ts';
import type { CompactionConfig } from '../../config/config.ts';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../log/log.ts';
import type { Model, ModelRegistry } from '../../models/registry.ts';
import { sessionNotFound } from '../../sessions/faults.ts';
import type { SessionStore } from '../../sessions/store.ts';
import type { Ledger } from '../../usage/ledger.ts';
import type { RunObserver } from '../observer.ts';
import { commandKind } from '../prompt.ts';
import { maxTimerMs } from '../waits.ts';
import { type Cut, findCut } from './cut.ts';
import { estimateText, estimateTokens } from './estimate.ts';
import { type SummaryOutcome, summarise } from './summarise.ts';

/** Puts older parts of conversations into summaries. One works on a session at a time; runs wait for it. */
export interface Compaction {
  /**
   * Does so because somebody wishes it. Aborted, refused by the model or killed, it leaves everything as it was.
   * @throws GatewayError INVALID_REQUEST: no such session, a run works or waits in it, or it has changed meanwhile.
   */
  compact(request: CompactionRequest): Promise<CompactionOutcome>;
  /** Cuts off all but the newest rows. @throws as `compact`. */
  truncate(key: string, rows: number): Promise<{ isCut: boolean; kept: number }>;
  /** Does so for a run that needs room, which holds the session itself. Does not reject. @returns whether there is more room. */
  makeRoom(request: RoomRequest): Promise<boolean>;
  /** Resolves when nothing is done to the session, or the signal fires. */
  idle(key: string, signal: AbortSignal): Promise<void>;
  /** Ends what is done to the session. @returns whether there was anything. */
  abort(key: string): boolean;
  /** Ends everything. */
  close(): Promise<void>;
}

export interface CompactionRequest {
  /** Canonical. */
  key: string;
  agent: AgentSpec;
  /** What the summary should look after, in a person's words; 800 characters of it count. */
  instructions?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What became of it; without a result nothing has changed. `isFailure`: the model gave no summary. */
export type CompactionOutcome =
  | { compacted: true; result: CompactionResult }
  | { compacted: false; reason: string; isFailure: boolean };

export interface RoomRequest {
  key: string;
  agent: AgentSpec;
  /** What to ask for the summary, one after the other. */
  candidates: readonly Model[];
  thinking: string | undefined;
  /** Runs whose rows stay as they are. */
  own: ReadonlySet<string>;
  signal: AbortSignal;
}

export interface CompactionDeps {
  database: Database;
  sessions: SessionStore;
  ledger: Ledger;
  models: ModelRegistry;
  publish: Publish;
  log: Log;
  config(): CompactionConfig;
  /** True while a run works or waits in a session. */
  isBusy(key: string): boolean;
  observer: Pick<RunObserver, 'called'>;
}

/** Rows, and windows of the model, that are looked at; what is older has been out of the model's sight for long. */
const maxRows = 2000;
const maxWindows = 4;
const defaultKeepTokens = 20_000;
const defaultTimeoutSeconds = 180;

export function createCompaction(deps: CompactionDeps): Compaction {
  const { database, sessions, ledger, models, publish, log } = deps;
  const working = new Map<string, { abortion: AbortController; over: Promise<unknown> }>();

  /** Keeps others out of a session while something is done to it. */
  const hold = async <T>(key: string, work: (abortion: AbortSignal) => Promise<T>): Promise<T> => {
    const abortion = new AbortController();
    const over = work(abortion.signal);
    working.set(key, { abortion, over: over.catch(() => undefined) });
    return over.finally(() => working.delete(key));
  };

  /** Does it, with its beginning and its end told. */
  const operate = async (job: Job, abortion: AbortSignal): Promise<CompactionOutcome> => {
    const { key, agent } = job;
    const origin = { operationId: randomUUID(), operation: 'compact' as const, sessionKey: key, agentId: agent.id };
    const tell = (phase: 'start' | 'end', more: { completed?: boolean; reason?: string } = {}) =>
      publish('session.operation', { ...origin, phase, ts: Date.now(), ...more }, { subscribedTo: 'sessions' });
    const { timeoutSeconds = 0 } = deps.config();
    const limitMs = Math.min((timeoutSeconds > 0 ? timeoutSeconds : defaultTimeoutSeconds) * 1000, maxTimerMs);
    const signals = [abortion, AbortSignal.timeout(limitMs), ...(job.signal ? [job.signal] : [])];
    tell('start');
    try {
      const outcome = await perform(job, AbortSignal.any(signals));
      tell('end', { completed: outcome.compacted, ...(!outcome.compacted && { reason: outcome.reason }) });
      return outcome;
    } catch (error) {
      tell('end', {
        completed: false,
        reason: error instanceof GatewayError ? error.message : 'it failed; the log says why',
      });
      throw error;
    }
  };

  const perform = async (job: Job, signal: AbortSignal): Promise<CompactionOutcome> => {
    const { key, agent, cut, before } = job;
    const { sessionId, lifecycleRevision } = before;
    const { outcome, model } = await askInTurn(job, signal);
    for (const call of outcome.calls) deps.observer.called(agent.id, call);
    const spend = () =>
      ledger.record({
        agentId: agent.id,
        sessionKey: key,
        sessionId,
        transient: false,
        calls: outcome.calls,
        messages: { user: 0, assistant: 0, toolCalls: 0, toolResults: 0, errors: 0 },
        tools: new Map(),
        endedAt: Date.now(),
      });
    if ('failure' in outcome || signal.aborted) {
      if (outcome.calls.length > 0) database.write(spend);
      const reason = signal.aborted ? toAbortReason(signal) : 'failure' in outcome ? outcome.failure.message : '';
      return { compacted: false, reason, isFailure: true };
    }
    const { summary } = outcome;
    const tokensAfter = estimateText(summary) + estimateTokens(cut.kept);
    const [firstKept] = cut.kept;
    const { id: firstKeptEntryId, seq: keptSeq } = firstKept?.__openclaw ?? { id: '', seq: 0 };
    const { tokensBefore } = job;
    try {
      database.write(() => {
        sessions.compact(key, { summary, keptSeq, tokensBefore, tokensAfter }, { sessionId, lifecycleRevision });
        spend();
      });
    } catch (error) {
      // Reset or deleted meanwhile: the summary is of no use, but it was paid for.
      database.write(spend);
      throw error;
    }
    await database.durable();
    const details = {
      provider: model.provider,
      model: model.id,
      summarizedMessages: cut.older.length,
      keptMessages: cut.kept.length,
    };
    log.info(`${key}: ${cut.older.length} messages were put into a summary`, { tokensBefore, tokensAfter });
    return { compacted: true, result: { summary, firstKeptEntryId, tokensBefore, tokensAfter, details } };
  };

  /** The first model that gives a summary; the calls of those before it count as well. */
  const askInTurn = async ({ candidates, ...job }: Job, signal: AbortSignal) => {
    const { identifierPolicy, thinkingLevel = 'off' } = deps.config();
    const calls: SummaryOutcome['calls'] = [];
    let last: { outcome: SummaryOutcome; model: Model } | undefined;
    for (const model of candidates) {
      const request = {
        rows: job.cut.older,
        earlier: sessions.compacted(job.key)?.summary,
        instructions: job.instructions,
        isExact: identifierPolicy !== 'off',
        thinking: thinkingLevel === 'inherit' ? job.thinking : thinkingLevel,
        session: { key: job.key, agentId: job.agent.id },
      };
      const outcome = await summarise(model, request, signal);
      calls.push(...outcome.calls);
      last = { outcome: { ...outcome, calls }, model };
      if ('summary' in outcome || signal.aborted) break;
      log.warn(`${job.key}: no summary: ${outcome.failure.message}`, { model: `${model.provider}/${model.id}` });
    }
    if (!last) throw new Error('a compaction without a model');
    return last;
  };

  /** The rows that a model reads now, as far back as is worth it for those models. */
  const readActive = async (key: string, readers: readonly Model[]): Promise<ChatMessage[]> => {
    const from = sessions.compacted(key)?.keptSeq ?? 0;
    let room = maxWindows * Math.max(...readers.map(({ contextWindow }) => contextWindow ?? defaultWindow));
    const isEnough = (row: ChatMessage) => {
      room -= estimateTokens([row]);
      return room <= 0;
    };
    const { messages } = await sessions.lookBack(key, { from, maxRows, isEnough });
    return messages.filter(({ role, __openclaw: { kind } }) => role !== 'system' && kind !== commandKind);
  };

  const requireSession = (key: string): SessionRow => {
    const row = sessions.find(key);
    if (row) return row;
    throw sessionNotFound(key);
  };

  const divide = async (
    before: SessionRow,
    { keepTokens, own, readers }: { keepTokens: number; own: ReadonlySet<string>; readers: readonly Model[] },
  ) => {
    const { key } = before;
    const rows = await readActive(key, readers);
    const estimate = estimateTokens(rows) + estimateText(sessions.compacted(key)?.summary ?? '');
    const most = Math.min(deps.config().keepRecentTokens ?? defaultKeepTokens, keepTokens, Math.floor(estimate / 2));
    const cut = findCut(rows, { keepTokens: most, isOpen: (row) => own.has(row.__openclaw.runId ?? '') });
    return { before, cut, tokensBefore: before.totalTokensFresh ? before.totalTokens : estimate };
  };

  /** What writes summaries: what the configuration names for it, else the session's own. */
  const pickModels = (candidates: () => readonly Model[]): readonly Model[] => {
    const { model } = deps.config();
    return model === undefined ? candidates() : [models.find(model)];
  };

  const requireIdle = (key: string): void => {
    const what = deps.isBusy(key) ? 'a run works or waits in it' : working.has(key) ? 'it is being compacted' : '';
    if (what === '') return;
    throw new GatewayError(
      'INVALID_REQUEST',
      `session ${key} cannot be compacted now: ${what}. Try again when it is over.`,
      {
        details: { code: 'SESSION_BUSY', key },
      },
    );
  };

  return {
    async compact({ key, agent, instructions, signal }) {
      const before = requireSession(key);
      requireIdle(key);
      const ownModels = () =>
        before.modelOverrideSource
          ? [models.find(`${before.modelProvider}/${before.model}`)]
          : [agent.primary ?? models.fallback().model, ...agent.fallbacks].map((name) => models.find(name));
      const candidates = pickModels(ownModels);
      return hold(key, async (abortion) => {
        const how = { keepTokens: Number.POSITIVE_INFINITY, own: new Set<string>(), readers: candidates };
        const { cut, tokensBefore } = await divide(before, how);
        if (!cut) return nothing;
        const thinking = before.thinkingLevel ?? agent.thinking;
        return operate({ key, agent, before, cut, tokensBefore, instructions, signal, thinking, candidates }, abortion);
      });
    },
    async truncate(key, rows) {
      requireIdle(key);
      return hold(key, () => sessions.truncate(key, rows));
    },
    async makeRoom({ key, agent, candidates, thinking, own, signal }) {
      try {
        const keepTokens = Math.floor((candidates[0]?.contextWindow ?? defaultWindow) / 4);
        const writers = pickModels(() => candidates);
        const before = requireSession(key);
        return await hold(key, async (abortion) => {
          const { cut, tokensBefore } = await divide(before, { keepTokens, own, readers: [...candidates, ...writers] });
          if (!cut) return false;
          const job = { key, agent, before, cut, tokensBefore, signal, thinking, candidates: writers };
          return (await operate(job, abortion)).compacted;
        });
      } catch (error) {
        log.warn(`${key} could not be compacted`, { error: String(error) });
        return false;
      }
    },
    async idle(key, signal) {
      const current = working.get(key);
      if (!current || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = () => resolve();
      signal.addEventListener('abort', stop, { once: true });
      await Promise.race([current.over, promise]);
      signal.removeEventListener('abort', stop);
    },
    abort(key) {
      const current = working.get(key);
      current?.abortion.abort('aborted');
      return current !== undefined;
    },
    async close() {
      for (const { abortion } of working.values()) abortion.abort('shutdown');
      await Promise.all([...working.values()].map(({ over }) => over));
    },
  };
}

/** Tokens of a window whose size nobody said. */
export const defaultWindow = 100_000;

const nothing: CompactionOutcome = {
  compacted: false,
  reason: 'nothing to compact: there is no message before the newest',
  isFailure: false,
};

interface Job extends Omit<CompactionRequest, 'signal'> {
  before: SessionRow;
  cut: Cut;
  candidates: readonly Model[];
  thinking: string | undefined;
  tokensBefore: number;
  signal?: AbortSignal | undefined;
}

function toAbortReason(signal: AbortSignal): string {
  if (signal.reason === 'shutdown') return 'the gateway is stopping';
  return signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
    ? 'it took longer than it may; agents.defaults.compaction.timeoutSeconds raises the limit'
    : 'it was aborted';
}
