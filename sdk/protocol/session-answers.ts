import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { boardFace, type SessionRow } from './session-row.ts';
import { shape } from './shape.ts';

/** What a session that was just created or changed runs with. */
export interface ResolvedModel {
  modelProvider: string;
  model: string;
  /** What works the runs off: this gateway itself. */
  agentRuntime: { id: 'openclaw'; source: 'implicit' };
}
export const ResolvedModel = shape<ResolvedModel>()(
  z.object({
    modelProvider: z.string(),
    model: z.string(),
    agentRuntime: z.object({ id: z.literal('openclaw'), source: z.literal('implicit') }),
  }),
);

/** A message that a search has found. */
export interface SearchHit {
  sessionKey: string;
  sessionId: string;
  /** Give it to `chat.history` to read around it. */
  messageId: string;
  role: 'user' | 'assistant';
  /** Milliseconds since the epoch. */
  timestamp: number;
  /** The text around the first word that was found. */
  snippet: string;
  /** Larger is better; comparable within one answer. */
  score: number;
}

export const SearchHit = shape<SearchHit>()(
  z.object({
    sessionKey: z.string(),
    sessionId: z.string(),
    messageId: z.string(),
    role: z.enum(['user', 'assistant']),
    timestamp: timestampMs,
    snippet: z.string(),
    score: z.number(),
  }),
);

/** What a search has found, best first. */
export interface SearchPage {
  results: SearchHit[];
  /** True while messages of an older gateway are still being indexed: there may be more. */
  indexing?: boolean | undefined;
  /** True when there are more hits than were answered, or the time was up. */
  truncated?: boolean | undefined;
}

export const SearchPage = shape<SearchPage>()(
  z.object({
    results: z.array(SearchHit),
    indexing: z.boolean().optional(),
    truncated: z.boolean().optional(),
  }),
);

/** The newest words of one session. */
export interface SessionPreview {
  key: string;
  /** `cold` is never answered here: no transcript is put away. */
  status: 'ok' | 'missing' | 'cold';
  /** Oldest first. */
  items: { role: 'user' | 'assistant'; text: string }[];
}

export const SessionPreview = shape<SessionPreview>()(
  z.object({
    key: z.string(),
    status: z.enum(['ok', 'missing', 'cold']),
    items: z.array(z.object({ role: z.enum(['user', 'assistant']), text: z.string() })),
  }),
);

/** What a compaction has made. */
export interface Compaction {
  summary: string;
  /** Id of the oldest message that the agent reads as it is. */
  firstKeptEntryId: string;
  /** Tokens that the conversation filled, by the provider's count where there was one, and fills, about. */
  tokensBefore: number;
  tokensAfter: number;
  details: {
    /** What wrote the summary. */
    provider: string;
    model: string;
    /** Messages in the summary, and those that stay. */
    summarizedMessages: number;
    keptMessages: number;
  };
}

export const Compaction = shape<Compaction>()(
  z.object({
    summary: z.string(),
    firstKeptEntryId: z.string(),
    tokensBefore: count,
    tokensAfter: count,
    details: z.object({ provider: z.string(), model: z.string(), summarizedMessages: count, keptMessages: count }),
  }),
);

const candidate = {
  key: z.string(),
  agentId: z.string(),
  displayName: z.string().optional(),
  boardFace: boardFace.optional(),
};

/** A session that a clue fits. */
export interface SessionCandidate {
  key: string;
  agentId: string;
  displayName?: string | undefined;
  boardFace?: SessionRow['boardFace'];
}

/** The session that a clue fits, or the candidates when it fits several. */
export type SessionResolution =
  | ({ ok: true } & SessionCandidate)
  | { ok: false; candidates?: SessionCandidate[] | undefined };

export const SessionResolution = shape<SessionResolution>()(
  z.union([
    z.object({ ok: z.literal(true), ...candidate }),
    z.object({ ok: z.literal(false), candidates: z.array(z.object(candidate)).optional() }),
  ]),
);
