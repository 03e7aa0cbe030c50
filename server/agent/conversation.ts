import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { ModelMessage } from '../models/provider.ts';
import type { Model } from '../models/registry.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { Compaction } from './compaction/compaction.ts';
import { isFull, withSummary } from './compaction/room.ts';
import { historyRows, toModelMessages } from './prompt.ts';
import type { WorkingRun } from './run.ts';
import type { RunInput } from './runs.ts';

/** A run and what it works with. */
export interface Working {
  run: WorkingRun;
  /** Runs that it answers as well. */
  others: readonly WorkingRun[];
  candidates: readonly Model[];
  session: SessionRow | undefined;
  system: string;
  /** Declarations of tools. */
  tools: readonly unknown[];
  thinking: string | undefined;
}

export interface ConversationDeps {
  sessions: Pick<SessionStore, 'history' | 'compacted'>;
  compaction: Pick<Compaction, 'makeRoom' | 'idle' | 'abort'>;
  /** False when conversations are put into summaries by a person's wish, or a provider's refusal, only. */
  compactsByItself(): boolean;
}

/** What models are given to read: a conversation as far as it fits, its older part as a summary. */
export function createConversation({ sessions, compaction, compactsByItself }: ConversationDeps) {
  /** The newest rows that no summary stands for. */
  const read = (key: string) => {
    const past = sessions.compacted(key);
    const { messages } = sessions.history(key, { limit: historyRows, offset: 0 });
    const rows = messages.filter(({ __openclaw: { seq } }) => seq >= (past?.keptSeq ?? 0));
    return { rows, summary: past?.summary, isCut: rows.length === historyRows };
  };

  const makeRoom = (working: Working): Promise<boolean> => {
    const { run, candidates, thinking } = working;
    const { sessionKey: key, agent } = run.input;
    return compaction.makeRoom({ key, agent, candidates, thinking, own: idsOf(working), signal: run.signal });
  };

  const toMessages = (working: Working, isResumed: boolean): ModelMessage[] => {
    const { run, candidates } = working;
    const { input } = run;
    if (!looksBack(working)) return [...(input.history ?? []), ...toGivenMessages(input)];
    const { rows, summary } = read(input.sessionKey);
    // What the run itself has done stands where it belongs when it goes on.
    const own = isResumed ? new Set<string>() : idsOf(working);
    return withSummary(toModelMessages(rows, { own, contextWindow: candidates[0]?.contextWindow }), summary);
  };

  return {
    /** Resolves when nobody else works on the session's conversation. */
    idle: (run: WorkingRun): Promise<void> => compaction.idle(run.sessionKey, run.signal),

    /** Makes room for a run where the conversation is about to outgrow the model's window. */
    async prepare(working: Working): Promise<void> {
      if (!compactsByItself() || !looksBack(working)) return;
      const { rows, summary, isCut } = read(working.run.sessionKey);
      const own = idsOf(working);
      const isOwn = ({ __openclaw: { runId } }: (typeof rows)[number]) => own.has(runId ?? '');
      const { session, system, tools } = working;
      const past = rows.filter((row) => !isOwn(row));
      const load = { model: working.candidates[0], session, past, own: rows.filter(isOwn), summary, system, tools };
      if (isCut || isFull(load)) await makeRoom(working);
    },

    /** What the caller brought along, or what the session holds, and then what the run was given. */
    messages: (working: Working): ModelMessage[] => toMessages(working, false),

    /** Makes room once, after the model has refused the conversation; what the run has done by then stays. */
    recovery(working: Working): () => Promise<ModelMessage[] | undefined> {
      let isTried = false;
      return async () => {
        if (isTried || !looksBack(working)) return undefined;
        isTried = true;
        return (await makeRoom(working)) ? toMessages(working, true) : undefined;
      };
    },
  };
}

/** False for a run that begins a conversation, or brings along one of the caller's. */
function looksBack({ run, others }: Working): boolean {
  return !run.input.history && !(run.isFirst && others.length === 0);
}

function idsOf({ run, others }: Working): ReadonlySet<string> {
  return new Set([run, ...others].map(({ id }) => id));
}

/** What a run was given, as a model reads it. */
function toGivenMessages({ content, toolResults = [] }: RunInput): ModelMessage[] {
  return content.length > 0 ? [...toolResults, { role: 'user', content }] : [...toolResults];
}
