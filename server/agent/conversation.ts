import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { ModelMessage, UserPart } from '../models/provider.ts';
import type { Model } from '../models/registry.ts';
import type { SessionStore } from '../sessions/store.ts';
import { withFiles } from './attached-files.ts';
import { type Compaction, defaultWindow } from './compaction/compaction.ts';
import { estimateTokens } from './compaction/estimate.ts';
import { isFull, withSummary } from './compaction/room.ts';
import { historyRows, toModelMessages } from './prompt.ts';
import type { WorkingRun } from './run.ts';
import type { RunInput } from './runs.ts';
import type { SessionEvents } from './session-events.ts';

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
  sessions: Pick<SessionStore, 'lookBack' | 'compacted' | 'append'>;
  events: Pick<SessionEvents, 'take'>;
  compaction: Pick<Compaction, 'makeRoom' | 'idle' | 'abort'>;
  /** False when conversations are put into summaries by a person's wish, or a provider's refusal, only. */
  compactsByItself(): boolean;
}

/** What a model is to read of a session. */
interface Past {
  /** The newest rows that no summary stands for. */
  rows: ChatMessage[];
  summary: string | undefined;
  /** True when there are more of them than a run looks back on. */
  isCut: boolean;
}

/** What models are given to read: a conversation as far as it fits, its older part as a summary. */
export function createConversation({ sessions, events, compaction, compactsByItself }: ConversationDeps) {
  const lookBack = async ({ run, candidates }: Working): Promise<Past> => {
    const past = sessions.compacted(run.sessionKey);
    let room = candidates[0]?.contextWindow ?? defaultWindow;
    const isEnough = (row: ChatMessage) => {
      room -= estimateTokens([row]);
      return room <= 0;
    };
    const from = past?.keptSeq ?? 0;
    const { messages, isCut } = await sessions.lookBack(run.sessionKey, { from, maxRows: historyRows, isEnough });
    return { rows: messages, summary: past?.summary, isCut };
  };

  const makeRoom = (working: Working): Promise<boolean> => {
    const { run, candidates, thinking } = working;
    const { sessionKey: key, agent } = run.input;
    return compaction.makeRoom({ key, agent, candidates, thinking, own: idsOf(working), signal: run.signal });
  };

  /** Puts what happened meanwhile into the transcript; models read it before what the run was given. */
  const takeEvents = ({ sessionKey, transient }: RunInput): UserPart[] => {
    if (transient) return [];
    const toContent = (text: string) => [{ type: 'text' as const, text }];
    const texts = events.take(sessionKey, (text) =>
      sessions.append(sessionKey, { role: 'user', content: toContent(text) }),
    );
    return texts.flatMap(toContent);
  };

  return {
    /** Resolves when nobody else works on the session's conversation. */
    idle: (run: WorkingRun): Promise<void> => compaction.idle(run.sessionKey, run.signal),

    /**
     * What the caller brought along, or what the session holds, and then what the run was given. Makes room first where the
     * conversation is about to outgrow the model's window.
     */
    async read(working: Working): Promise<ModelMessage[]> {
      const { input } = working.run;
      const news = takeEvents(input);
      if (!looksBack(working)) return withFiles([...(input.history ?? []), ...toGivenMessages(input, news)]);
      const past = await lookBack(working);
      const isRoomMade = compactsByItself() && isCrowded(working, past) && (await makeRoom(working));
      return toMessages(working, isRoomMade ? await lookBack(working) : past, idsOf(working));
    },

    /** Makes room once, after the model has refused the conversation; what the run has done by then stays where it belongs. */
    recovery(working: Working): () => Promise<ModelMessage[] | undefined> {
      let isTried = false;
      return async () => {
        if (isTried || !looksBack(working)) return undefined;
        isTried = true;
        return (await makeRoom(working)) ? toMessages(working, await lookBack(working), new Set()) : undefined;
      };
    },
  };
}

/** True when a conversation has no room left in its model's window. */
function isCrowded(working: Working, { rows, summary, isCut }: Past): boolean {
  const { session, system, tools, candidates } = working;
  const ids = idsOf(working);
  const isOwn = ({ __openclaw: { runId } }: ChatMessage) => ids.has(runId ?? '');
  const past = rows.filter((row) => !isOwn(row));
  return isCut || isFull({ model: candidates[0], session, past, own: rows.filter(isOwn), summary, system, tools });
}

function toMessages({ candidates }: Working, { rows, summary }: Past, own: ReadonlySet<string>): ModelMessage[] {
  return withSummary(toModelMessages(rows, { own, contextWindow: candidates[0]?.contextWindow }), summary);
}

/** False for a run that begins a conversation, or brings along one of the caller's. */
function looksBack({ run, others }: Working): boolean {
  const { history, follows } = run.input;
  // What comes behind an earlier run is in the transcript by now.
  return (!history || typeof follows === 'object') && !(run.isFirst && others.length === 0);
}

function idsOf({ run, others }: Working): ReadonlySet<string> {
  return new Set([run, ...others].map(({ id }) => id));
}

/** What a run was given, as a model reads it, with what happened before. */
function toGivenMessages({ content, toolResults = [] }: RunInput, news: readonly UserPart[]): ModelMessage[] {
  const parts = [...news, ...content];
  return parts.length > 0 ? [...toolResults, { role: 'user', content: parts }] : [...toolResults];
}
