import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Runs } from '../agent/runs.ts';
import type { SessionEvents } from '../agent/session-events.ts';
import { markUntrusted, toSourceName } from '../agent/untrusted.ts';
import type { Roster } from '../config/agents.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';

/** Who is to be told how a run ended. */
export interface Announcement {
  agentId: string;
  /** The main conversation of the agent. */
  mainKey: string;
  /** The conversation of the run. */
  sessionKey: string;
  name: string;
  /** False leaves out what went well. */
  deliver: boolean;
  /** True when being told is to start a run. */
  wakes: boolean;
}

/** Tells main conversations how the runs of hooks ended, also of those that a dead gateway left behind. */
export interface Announcements {
  /** Notes what is to be told once the run has ended. Contract: called inside `database.write`. */
  note(runId: string, announcement: Announcement): void;
  /** Tells of a run that has ended. Never rejects. */
  settle(runId: string): Promise<void>;
  /** Forgets a run that was not accepted after all. Contract: called inside `database.write`. */
  forget(runId: string): void;
  /** Tells of those that ended while nobody was there. */
  recover(): Promise<void>;
}

export interface AnnouncementDeps {
  database: Database;
  runs: Pick<Runs, 'start' | 'find'>;
  events: Pick<SessionEvents, 'add'>;
  agents: Pick<Roster, 'find'>;
  log: Log;
}

/** Characters of a reply that the main conversation is told. */
const maxReplyChars = 8000;

export function createAnnouncements({ database, runs, events, agents, log }: AnnouncementDeps): Announcements {
  const insert = database.prepare('INSERT OR IGNORE INTO hook_runs (run_id, announcement) VALUES (?, ?)');
  const find = database.prepare('SELECT announcement FROM hook_runs WHERE run_id = ?');
  const remove = database.prepare('DELETE FROM hook_runs WHERE run_id = ?');
  const all = database.prepare('SELECT run_id FROM hook_runs');

  const tell = async (row: RunRow, announcement: Announcement): Promise<void> => {
    const { mainKey, wakes, agentId } = announcement;
    const text = toText(row, announcement);
    const agent = agents.find(agentId);
    if (text === undefined || !agent) return void database.write(() => remove.run(row.runId));
    if (!wakes)
      return database.write(() => {
        remove.run(row.runId);
        events.add(mainKey, text);
      });
    const runId = `${row.runId}-told`;
    database.write(() => remove.run(row.runId));
    await runs.start({ runId, agent, sessionKey: mainKey, content: [{ type: 'text', text }] });
  };

  const settle = async (runId: string): Promise<void> => {
    try {
      const stored = find.get(runId);
      const row = runs.find(runId);
      if (!stored || (row && row.endedAt === undefined)) return;
      if (!row) return void database.write(() => remove.run(runId));
      const announcement = JSON.parse(String(stored.announcement)) as Announcement;
      const { status, sessionKey } = row;
      const facts = { runId, status, sessionKey, hook: announcement.name };
      log[status === 'ok' ? 'info' : 'warn']('hook agent run completed', facts);
      await tell(row, announcement);
    } catch (error) {
      // The run has ended all the same; what could not be told stands in its session.
      log.warn('the main session could not be told how a hook ended', { runId, error: String(error) });
    }
  };

  return {
    note: (runId, announcement) => void insert.run(runId, JSON.stringify(announcement)),
    forget: (runId) => void remove.run(runId),
    settle,
    async recover() {
      for (const { run_id: runId } of all.all()) await settle(String(runId));
    },
  };
}

// --- internal ---

/** What the main conversation is told; undefined when there is nothing to tell. */
function toText(row: RunRow, { name, deliver, mainKey, sessionKey }: Announcement): string | undefined {
  // It was said there.
  if (sessionKey === mainKey) return undefined;
  const head = `System event: the run ${row.runId} of the webhook "${toSourceName(name)}" has ended`;
  const told = (text: string) => markUntrusted(cut(text), { source: `the run of the hook ${name}` });
  if (row.status !== 'ok') return `${head}: ${row.status}.\n${told(row.error ?? row.status)}`;
  if (!deliver || !row.text?.trim()) return undefined;
  return `${head}. The reply:\n${told(row.text)}`;
}

function cut(text: string): string {
  return text.length > maxReplyChars ? `${text.slice(0, maxReplyChars).toWellFormed()}\n[cut]` : text;
}
