import type { SessionRow } from '../../sdk/protocol/sessions.ts';

/** A row of the table `sessions`. */
export interface StoredSession {
  key: string;
  session_id: string;
  agent_id: string;
  label: string | null;
  display_name: string | null;
  category: string | null;
  model: string | null;
  thinking: string | null;
  created_at: number;
  updated_at: number;
  revision: number;
  archived: number;
  pinned: number;
  transient: number;
  status: NonNullable<SessionRow['status']> | null;
  last_run_id: string | null;
  last_run_error: string | null;
  input_tokens: number;
  output_tokens: number;
  last_seq: number;
  reset_seq: number;
}

/** Which model a session of an agent uses; `override` is the session's own choice. */
export type ModelOf = (agentId: string, override: string | null) => { provider: string; model: string };

/** The row as clients see it. */
export function toSessionRow(
  row: StoredSession,
  { mainKey, modelOf }: { mainKey: string; modelOf: ModelOf },
): SessionRow {
  const { provider, model } = modelOf(row.agent_id, row.model);
  return {
    key: row.key,
    sessionId: row.session_id,
    kind: 'direct',
    agentId: row.agent_id,
    isMain: row.key === `agent:${row.agent_id}:${mainKey}`,
    ...(row.label !== null && { label: row.label }),
    ...(row.display_name !== null && { displayName: row.display_name }),
    ...(row.category !== null && { category: row.category }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lifecycleRevision: String(row.revision),
    ...(row.archived === 1 && { archived: true }),
    ...(row.pinned === 1 && { pinned: true }),
    ...(row.status !== null && { status: row.status }),
    hasActiveRun: row.status === 'running' || row.status === 'queued',
    ...(row.last_run_id !== null && { lastRunId: row.last_run_id }),
    ...(row.last_run_error !== null && { lastRunError: row.last_run_error }),
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    totalTokens: row.input_tokens + row.output_tokens,
    modelProvider: provider,
    model,
    ...(row.model !== null && { modelOverrideSource: 'user' as const }),
    ...(row.thinking !== null && { thinkingLevel: row.thinking }),
    messageCount: row.last_seq - row.reset_seq,
  };
}

/** The position of the newest row, told apart from those of other transcripts. */
export function toCursor(row: Pick<StoredSession, 'session_id' | 'revision' | 'last_seq'>): string {
  return Buffer.from(JSON.stringify([row.session_id, row.revision, row.last_seq])).toString('base64url');
}

/** Reads a cursor; undefined when it is garbage. */
export function parseCursor(text: string): { sessionId: string; revision: number; seq: number } | undefined {
  try {
    const [sessionId, revision, seq] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof sessionId !== 'string' || typeof revision !== 'number' || typeof seq !== 'number') return undefined;
    return { sessionId, revision, seq };
  } catch {
    return undefined; // a client's old or mangled cursor is answered with `reset`, not with an error
  }
}
