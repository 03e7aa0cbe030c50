import type { InputReceipt, PendingInput, PendingInputs } from '../../sdk/protocol/pending.ts';
import { toShownContent } from '../../sdk/protocol/text.ts';
import type { Database } from '../database/database.ts';
import type { HeldInput, RunStore } from './run-store.ts';

/** The part of the runs that is about messages which are not in their transcript yet. */
export type PendingStore = Pick<RunStore, 'isHeld' | 'release' | 'forgetWithdrawn' | 'pending' | 'receipts'>;

interface StoredPending {
  place: number;
  run_id: string;
  status: string;
  accepted_at: number;
  ended_at: number | null;
  input: string;
}

/** As many as the published schema has room for. */
const pageSize = 20;

export function createPendingStore(database: Database): PendingStore {
  const held = database.prepare('SELECT input IS NOT NULL AS held FROM runs WHERE run_id = ?');
  const release = database.prepare('UPDATE runs SET input = NULL WHERE run_id = ?');
  const forget = database.prepare(
    'UPDATE runs SET input = NULL WHERE session_key = ? AND input IS NOT NULL AND ended_at IS NOT NULL',
  );
  const count = database.prepare('SELECT count(*) AS n FROM runs WHERE session_key = ? AND input IS NOT NULL');
  const page = database.prepare(
    `SELECT rowid AS place, run_id, status, accepted_at, ended_at, input FROM runs
     WHERE session_key = ? AND input IS NOT NULL AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
  );
  const rowOf = database.prepare(
    `SELECT json_extract(body, '$.id') AS id FROM messages WHERE run_id = ? AND role = 'user' AND session_id = ? LIMIT 1`,
  );

  return {
    isHeld: (runId) => held.get(runId)?.held === 1,
    release: (runId) => void release.run(runId),
    forgetWithdrawn: (sessionKey) => void forget.run(sessionKey),
    pending(sessionKey, before = Number.MAX_SAFE_INTEGER): PendingInputs {
      const total = Number(count.get(sessionKey)?.n);
      if (total === 0) return { items: [], total };
      const rows = page.all(sessionKey, before, pageSize + 1) as unknown as StoredPending[];
      const oldest = rows.length > pageSize ? rows[pageSize - 1] : undefined;
      const items = rows.slice(0, pageSize).reverse().map(toItem);
      return { items, total, ...(oldest && { nextBefore: oldest.place }) };
    },
    receipts: (sessionId, runIds) =>
      runIds.flatMap((runId): InputReceipt[] => {
        if (held.get(runId)?.held === 1) return [{ runId, state: 'pending' }];
        const id = rowOf.get(runId, sessionId)?.id;
        return id === undefined ? [] : [{ runId, state: 'consumed', consumedByEventId: String(id) }];
      }),
  };
}

function toItem({ run_id: runId, status, accepted_at: acceptedAt, ended_at, input }: StoredPending): PendingInput {
  const { content } = JSON.parse(input) as HeldInput;
  const id = `${runId}:user`;
  return {
    id,
    runId,
    message: { role: 'user', content: toShownContent(content), timestamp: acceptedAt, idempotencyKey: id },
    acceptedAt,
    state: ended_at === null ? 'queued' : status === 'interrupted' ? 'interrupted' : 'cancelled',
  };
}
