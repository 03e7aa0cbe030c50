import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Database } from '../database/database.ts';
import type { Rows } from './rows.ts';

/** What a session is looked for by; exactly one of the first four. */
export interface Clue {
  key?: string | undefined;
  sessionId?: string | undefined;
  /** Beginning of the id, or of the last part of the key. */
  shortId?: string | undefined;
  label?: string | undefined;
  /** Decides between several that begin alike. */
  slugHint?: string | undefined;
  agentId?: string | undefined;
  spawnedBy?: string | undefined;
}

/** Sessions that are told apart by hand. */
const maxCandidates = 10;
/** Sessions that begin alike and are looked at. */
const maxAlike = 200;

/** A function that finds the sessions a clue fits, at most ten. */
export function createLookUp(database: Database, rows: Rows) {
  const byId = database.prepare('SELECT key FROM sessions WHERE session_id = ? AND transient < 2');
  const byLabel = database.prepare('SELECT key FROM sessions WHERE label = ? AND archived = 0');
  const byIdPrefix = database.prepare(
    `SELECT key FROM sessions WHERE session_id >= ? AND session_id < ? AND transient = 0 LIMIT ${maxAlike}`,
  );
  const byKeyPrefix = database.prepare(
    `SELECT key FROM sessions WHERE key >= ? AND key < ? AND transient = 0 LIMIT ${maxAlike}`,
  );
  const agents = database.prepare(
    'SELECT DISTINCT agent_id FROM sessions INDEXED BY sessions_listed_of_agent WHERE transient = 0',
  );

  const keysBeginning = (shortId: string): string[] => {
    const until = `${shortId}\u{10ffff}`;
    const owners = agents.all().map((row) => String(row.agent_id));
    const prefixes = owners.flatMap((owner) => [`agent:${owner}:`, `agent:${owner}:dashboard:`]);
    const byKey = prefixes.flatMap((prefix) => byKeyPrefix.all(prefix + shortId, prefix + until));
    return [...byIdPrefix.all(shortId, until), ...byKey].map((row) => String(row.key));
  };

  const keysOf = ({ key, sessionId, shortId, label }: Clue): string[] => {
    if (key !== undefined) return [key];
    if (sessionId !== undefined) return byId.all(sessionId).map((row) => String(row.key));
    if (shortId !== undefined) return [...new Set(keysBeginning(shortId))];
    return label === undefined ? [] : byLabel.all(label).map((row) => String(row.key));
  };

  return (clue: Clue): SessionRow[] => {
    const { agentId, spawnedBy, slugHint } = clue;
    const fitting = keysOf(clue)
      .flatMap((key) => rows.show(key) ?? [])
      .filter((row) => agentId === undefined || row.agentId === agentId)
      .filter((row) => spawnedBy === undefined || row.spawnedBy === spawnedBy);
    const meant = fitting.length > 1 && slugHint !== undefined ? fitting.filter((row) => isNamed(row, slugHint)) : [];
    return (meant.length > 0 ? meant : fitting).slice(0, maxCandidates);
  };
}

function isNamed({ label, displayName }: SessionRow, slug: string): boolean {
  return [label, displayName].some((name) => name !== undefined && toSlug(name) === toSlug(slug));
}

function toSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
