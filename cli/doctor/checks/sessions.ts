import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Check, Found } from '../check.ts';
import type { DoctorContext } from '../context.ts';

/** Bytes of database that are read to their end in a moment. */
const quicklyRead = 64 * 1024 * 1024;

/** Whether the conversations can be read. A running gateway looks after them itself. */
export const sessions: Check = {
  number: 17,
  id: 'core/doctor/sessions',
  title: 'Conversations',
  async run(context) {
    const { databasePath } = context.here.paths;
    const status = await stat(databasePath).catch(() => undefined);
    if (!status || context.here.runtime?.alive || (await context.probe()).reachable) return [];
    const wal = await stat(`${databasePath}-wal`).catch(() => undefined);
    if (!wal?.size) return judge(databasePath, 'lying', status.size, context);
    if (status.size + wal.size > quicklyRead) return [notLooked(databasePath)];
    // What a killed gateway wrote last is in its log, and SQLite reads that only where it may put files.
    const folder = await mkdtemp(join(tmpdir(), 'openclaw-doctor-'));
    try {
      const copy = join(folder, 'copy.db');
      await Promise.all([copyFile(databasePath, copy), copyFile(`${databasePath}-wal`, `${copy}-wal`)]);
      return await judge(copy, 'copied', status.size, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

// --- internal ---

type Database = import('node:sqlite').DatabaseSync;

async function judge(file: string, how: 'lying' | 'copied', size: number, context: DoctorContext): Promise<Found[]> {
  const { DatabaseSync } = await import('node:sqlite');
  const url = pathToFileURL(file);
  // Opened otherwise, SQLite would put files beside it.
  if (how === 'lying') url.search = '?immutable=1';
  const path = context.here.paths.databasePath;
  let database: Database | undefined;
  try {
    database = new DatabaseSync(url, { readOnly: how === 'lying' });
    return [...judgeWhole(database, path, size), ...judgeRows(database, context)];
  } catch (error) {
    return [broken(path, error instanceof Error ? error.message : String(error))];
  } finally {
    database?.close();
  }
}

function notLooked(path: string): Found {
  return {
    severity: 'info',
    message: 'the conversations were not looked at: the gateway was killed, and its database is large',
    evidence: path,
    path,
    fixHint: 'start the gateway, which reads what was written last',
  };
}

function judgeWhole(database: Database, path: string, size: number): Found[] {
  if (size > quicklyRead) return [];
  const rows = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  const words = rows[0]?.quick_check ?? 'ok';
  return words === 'ok' ? [] : [broken(path, words)];
}

function judgeRows(database: Database, { reading, command, here }: DoctorContext): Found[] {
  const running = database.prepare('SELECT count(*) AS n FROM runs WHERE ended_at IS NULL').get() as { n: number };
  const owners = database
    .prepare('SELECT agent_id AS id, count(*) AS n FROM sessions WHERE transient = 0 GROUP BY agent_id')
    .all() as { id: string; n: number }[];
  const agents = Object.keys(reading.loaded?.config.agents?.entries ?? {});
  const lost = agents.length === 0 ? [] : owners.filter(({ id }) => id !== 'main' && !agents.includes(id));
  return [
    ...(running.n === 0
      ? []
      : [
          {
            severity: 'info' as const,
            message: `${running.n} runs were under way when the gateway ended: the next start marks them as interrupted`,
            evidence: here.paths.databasePath,
            fixHint: `${command} gateway start`,
          },
        ]),
    ...lost.map(({ id, n }) => ({
      severity: 'warning' as const,
      message: `${n} conversations belong to the agent "${id}", which the configuration does not have`,
      evidence: here.paths.databasePath,
      path: `agents.entries.${id}`,
      requirement: 'an agent for each conversation',
      fixHint: `add the agent again, or delete its conversations: ${command} sessions list --agent-id ${id}`,
    })),
  ];
}

function broken(path: string, words: string): Found {
  return {
    severity: 'error',
    message: 'the database of the conversations cannot be read',
    evidence: `${path}: ${words}`,
    path,
    requirement: 'an SQLite database of this version',
    fixHint: 'take back the newest copy (docs/state-and-backup.md), or move the file away and start with an empty one',
  };
}
