import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Database } from '../database/database.ts';
import { type ModelOf, parseSettings, type StoredSession, toSessionRow } from './row.ts';

/** What a row can show besides its own members. */
export interface Decorations {
  /** The first words of the first message. */
  derivedTitle?: boolean | undefined;
  /** The first words of the newest message. */
  lastMessage?: boolean | undefined;
  activitySummary?: boolean | undefined;
}

/** The rows of sessions by key. Those that were read are remembered until they change. */
export interface Rows {
  find(key: string): StoredSession | undefined;
  /** Remembers a row that was just made: it need not be read to be shown, and has no children yet. */
  learn(made: StoredSession): void;
  /** The row as clients see it; shared with others, so not to be changed. */
  show(key: string, add?: Decorations): SessionRow | undefined;
  /** Rows of the sessions above one, nearest first; undefined when one of them is gone or there are too many. */
  ancestors(key: string): SessionRow[] | undefined;
}

/** Rows that are remembered; some 2 kB each. */
const maxRemembered = 20_000;
const maxChildren = 50;
const maxAncestors = 64;

interface Remembered {
  stored: StoredSession;
  /** Made a moment ago; a child would have made it forgotten. */
  isNew: boolean;
  /** As it was shown last, by what was added, and what it showed from elsewhere. */
  shown: Map<string, SessionRow>;
  mainKey?: string;
  using?: ReturnType<ModelOf>;
  /** When it has to be put together anew, milliseconds since the epoch. */
  expiresAt: number;
}

export function createRows(database: Database, { mainKey, modelOf }: { mainKey(): string; modelOf: ModelOf }): Rows {
  const byKey = database.prepare('SELECT * FROM sessions WHERE key = ?');
  const childrenOf = database.prepare('SELECT key FROM sessions WHERE parent_key = ? ORDER BY key LIMIT ?');
  const remembered = new Map<string, Remembered>();
  /** Apart from the rows: they seldom change, and are not looked for unless a row is shown. */
  const children = new Map<string, readonly string[]>();
  let { rollbacks } = database;
  database.watch({ name: 'sessions', key: 'key' }, (key) => void remembered.delete(key));
  database.watch({ name: 'sessions', key: 'parent_key', columns: ['parent_key'] }, (parent) => {
    remembered.delete(parent);
    children.delete(parent);
  });

  const read = (key: string): Remembered | undefined => {
    if (database.rollbacks !== rollbacks) {
      remembered.clear();
      children.clear();
      rollbacks = database.rollbacks;
    }
    const known = remembered.get(key);
    if (known) return known;
    const stored = byKey.get(key) as StoredSession | undefined;
    return stored && add(stored);
  };

  const add = (stored: StoredSession, isNew = false): Remembered => {
    const row: Remembered = { stored, isNew, shown: new Map(), expiresAt: Number.POSITIVE_INFINITY };
    remember(remembered, stored.key, row);
    return row;
  };

  const readChildren = ({ key, transient }: StoredSession): readonly string[] => {
    const known = children.get(key);
    if (known) return known;
    const keys = childrenOf.all(key, maxChildren).map((row) => String(row.key));
    // Transient ones are many, and shown once or twice.
    if (transient === 0) remember(children, key, keys);
    return keys;
  };

  /** True while a row is still as it was shown. */
  const isCurrent = (row: Remembered, using: ReturnType<ModelOf>, main: string): boolean =>
    row.mainKey === main && isSame(row.using, using) && Date.now() < row.expiresAt;

  const show = (key: string, more: Decorations = {}): SessionRow | undefined => {
    const row = read(key);
    if (!row) return undefined;
    const { stored, shown } = row;
    const using = modelOf(stored.agent_id, stored.model);
    const main = mainKey();
    if (!isCurrent(row, using, main)) shown.clear();
    const variant = `${more.derivedTitle ?? false} ${more.lastMessage ?? false} ${more.activitySummary ?? false}`;
    const known = shown.get(variant);
    if (known) return known;
    const settings = parseSettings(stored, Date.now());
    const surroundings = { mainKey: main, using, settings, children: row.isNew ? [] : readChildren(stored) };
    const made = { ...toSessionRow(stored, surroundings), ...decorate(stored, more) };
    shown.set(variant, made);
    row.mainKey = main;
    row.using = using;
    row.expiresAt = settings.statusExpiresAt ?? Number.POSITIVE_INFINITY;
    return made;
  };

  return {
    find: (key) => read(key)?.stored,
    learn: (made) => void add(made, true),
    show,
    ancestors(key) {
      const above: SessionRow[] = [];
      const seen = new Set([key]);
      let next = parentOf(read(key)?.stored);
      while (next !== undefined && !seen.has(next)) {
        const row = show(next);
        if (!row || above.length === maxAncestors) return undefined;
        seen.add(next);
        above.push(row);
        next = parentOf(read(next)?.stored);
      }
      return above;
    },
  };
}

/** Adds to what is remembered; the oldest makes room. */
function remember<T>(all: Map<string, T>, key: string, value: T): void {
  if (all.size >= maxRemembered) all.delete(all.keys().next().value ?? '');
  all.set(key, value);
}

function parentOf(row: StoredSession | undefined): string | undefined {
  return row?.parent_key ?? row?.spawned_by ?? undefined;
}

function isSame(a: ReturnType<ModelOf> | undefined, b: ReturnType<ModelOf>): boolean {
  return a?.provider === b.provider && a.model === b.model && a.contextTokens === b.contextTokens;
}

function decorate(
  { first_words, last_words }: StoredSession,
  { derivedTitle, lastMessage, activitySummary }: Decorations,
): Partial<SessionRow> {
  return {
    ...(derivedTitle && first_words && { derivedTitle: first_words }),
    ...(lastMessage && last_words && { lastMessagePreview: last_words }),
    ...(activitySummary && { activitySummary: { state: 'unavailable' as const, canEnsure: false as const } }),
  };
}
