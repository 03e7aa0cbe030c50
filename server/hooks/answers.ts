import type { Database } from '../database/database.ts';

/** What the sender of a hook is told. */
export interface HookAnswer {
  status: number;
  /** Undefined for an answer without a body. */
  body: Record<string, unknown> | undefined;
}

/** Says the same again to who sends the same again. */
export interface HookAnswers {
  /**
   * The first answer to any of these claims; otherwise that of `work`, which is not begun a second time while it goes on.
   * What fails is forgotten, so that it can be sent again.
   * @param claims what tells this delivery from others; without any, `work` is done every time.
   */
  once(claims: readonly string[], work: (keep: Keep) => Promise<HookAnswer>): Promise<Replayed>;
  /** Takes out what is old, a bounded number at a time. @returns how many. */
  prune(): number;
}

export interface Replayed extends HookAnswer {
  replayed: boolean;
}

/** Writes the answer down. Contract: called once, inside the `database.write` of what it promises. */
export type Keep = (answer: HookAnswer) => void;

/** Milliseconds that answers are kept: as long as the rows of runs that have ended. */
const lifeMs = 7 * 24 * 60 * 60 * 1000;
const maxAnswers = 50_000;
const pruneBatch = 500;

export function createHookAnswers(database: Database): HookAnswers {
  const find = database.prepare('SELECT status, body FROM hook_answers WHERE claim = ? AND answered_at > ?');
  const insert = database.prepare(
    'INSERT OR REPLACE INTO hook_answers (claim, status, body, answered_at) VALUES (?, ?, ?, ?)',
  );
  const remove = database.prepare('DELETE FROM hook_answers WHERE claim = ?');
  const count = database.prepare('SELECT count(*) AS n FROM hook_answers');
  const oldest = database.prepare(
    'DELETE FROM hook_answers WHERE claim IN (SELECT claim FROM hook_answers ORDER BY answered_at LIMIT ?)',
  );
  const expired = database.prepare(
    'DELETE FROM hook_answers WHERE claim IN (SELECT claim FROM hook_answers WHERE answered_at <= ? LIMIT ?)',
  );
  const working = new Map<string, Promise<HookAnswer>>();
  let kept = Number(count.get()?.n);

  const read = (claim: string): HookAnswer | undefined => {
    const row = find.get(claim, Date.now() - lifeMs);
    if (!row) return undefined;
    return { status: Number(row.status), body: row.body === '' ? undefined : JSON.parse(String(row.body)) };
  };

  const keep = (claims: readonly string[], { status, body }: HookAnswer): void => {
    for (const claim of claims) insert.run(claim, status, body ? JSON.stringify(body) : '', Date.now());
    kept += claims.length;
    if (kept <= maxAnswers) return;
    oldest.run(pruneBatch);
    kept = Number(count.get()?.n);
  };

  const forget = (claims: readonly string[]): void =>
    database.write(() => {
      for (const claim of claims) remove.run(claim);
    });

  const attempt = async (claims: readonly string[], work: (keep: Keep) => Promise<HookAnswer>) => {
    try {
      const answer = await work((answer) => keep(claims, answer));
      if (answer.status >= 400) forget(claims);
      return answer;
    } catch (error) {
      // It may have been written before the disk, or another part of it, failed.
      forget(claims);
      throw error;
    }
  };

  return {
    async once(claims, work) {
      for (const claim of claims) {
        const first = working.get(claim);
        if (first) return { ...(await first), replayed: true };
        const answer = read(claim);
        if (!answer) continue;
        await database.durable();
        return { ...answer, replayed: true };
      }
      const answering = attempt(claims, work);
      for (const claim of claims) working.set(claim, answering);
      try {
        return { ...(await answering), replayed: false };
      } finally {
        for (const claim of claims) working.delete(claim);
      }
    },
    prune() {
      const { changes } = database.write(() => expired.run(Date.now() - lifeMs, pruneBatch));
      if (changes > 0) kept = Number(count.get()?.n);
      return Number(changes);
    },
  };
}
