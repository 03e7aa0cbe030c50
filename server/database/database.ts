import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { checkpointBytes, createCheckpoints } from './checkpoints.ts';
import { migrations } from './migrations.ts';

/**
 * One SQLite file (WAL). Writes of one turn of the event loop share a transaction; those that nobody waits for share one
 * with what comes in the next 20 ms:
 *
 *   write() ... write()  ->  COMMIT at the end of the turn  ->  fdatasync of the WAL, in the thread pool  ->  durable()
 *
 * The commit itself does not wait for the disk (`synchronous=NORMAL`), so a slow disk delays answers but never the event
 * loop; what a client was told is accepted has been through `durable()`. Checkpoints run in a thread of their own.
 */
export interface Database {
  readonly path: string;
  prepare(sql: string): StatementSync;
  /** Runs writes atomically; they are visible to reads at once. @throws GatewayError UNAVAILABLE when the disk refuses them. */
  write<T>(work: () => T): T;
  /** Resolves when every write so far is on disk; rejects when the disk refused it, and always after a failed flush. */
  durable(): Promise<void>;
  /** How often writes were taken back: what was remembered of the rows they touched is wrong by then. */
  readonly rollbacks: number;
  /**
   * Calls back with the key of each row of a table that is changed or deleted from now on, whoever does it; at once, so
   * perhaps before a rollback. `columns` narrows it to changes of those, besides rows that come and go.
   * Contract: the callback does not throw and does not use the database.
   */
  watch(table: WatchedTable, onChange: (key: string) => void): void;
  /**
   * False from a write that the disk refused until one that it took, and for good after a failed flush. When nobody writes,
   * it is tried anew every few seconds: who is told that nothing can be written stops asking for it.
   */
  readonly isWritable: boolean;
  close(): Promise<void>;
}

/** Rows that somebody may want to remember outside the database. */
export interface WatchedTable {
  name: string;
  /** Column that tells rows apart, of text. */
  key: string;
  columns?: readonly string[];
}

/** Milliseconds that writes may stay uncommitted while nobody waits for them. */
const patienceMs = 20;
/** Milliseconds that a write, and everything else with it, waits for another program that writes to the file. */
const busyMs = 250;
/** The same for the start of a gateway. */
const openMs = 5000;
/** Milliseconds between attempts to write while the disk refuses it. */
const proofMs = 2000;

/** @throws GatewayError UNAVAILABLE when the file cannot be opened, or is of a newer gateway. */
export async function openDatabase(path: string): Promise<Database> {
  // SQLite gives its other files the mode of this one; conversations are nobody else's business.
  await open(path, 'a', 0o600).then(
    (file) => file.close(),
    (error) => {
      throw cannotOpen(path, error);
    },
  );
  const sqlite = await openFile(path);
  // SQLite removes the WAL file only when the last connection closes, so this handle stays valid.
  const wal = await open(`${path}-wal`, 'r+');
  return createDatabase(path, sqlite, wal);
}

function createDatabase(path: string, sqlite: DatabaseSync, wal: FileHandle): Database {
  const start = sqlite.prepare('BEGIN IMMEDIATE');
  const commit = sqlite.prepare('COMMIT');
  const mark = sqlite.prepare('SAVEPOINT work');
  const release = sqlite.prepare('RELEASE work');
  const undo = sqlite.prepare('ROLLBACK TO work');
  const fold = sqlite.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  // Changes nothing, and yet has the first page written: a transaction with this in it cannot come through without the disk.
  const stamp = sqlite.prepare(`PRAGMA user_version=${migrations.length}`);
  const checkpoints = createCheckpoints(path, wal, () => fold.get());
  let open = false;
  /** True once this transaction ends with the turn. */
  let isEnding = false;
  let patience: NodeJS.Timeout | undefined;
  /** Committed, but perhaps not on disk yet. */
  let unsynced = false;
  let syncing: Promise<void> | undefined;
  /** Those who wait for the writes that no sync has covered yet. */
  let waiting: PromiseWithResolvers<void> | undefined;
  let isWritable = true;
  /** True while the transaction is one that shows, when it comes through, that the disk takes writes again. */
  let isProof = false;
  let proof: NodeJS.Timeout | undefined;
  let rollbacks = 0;
  let watches = 0;
  /** Set for good by the first flush that fails: the system then forgets what it could not write, and says so only once. */
  let lost: GatewayError | undefined;

  const endTurn = () => {
    if (!open) return;
    clearTimeout(patience);
    open = false;
    isEnding = false;
    try {
      commit.run();
    } catch (error) {
      giveUp(error);
      return;
    }
    unsynced = true;
    if (isProof) isWritable = true;
    checkpoints.committed();
    if (waiting) sync();
  };

  const begin = () => {
    start.run();
    open = true;
    patience = setTimeout(endTurn, patienceMs);
    isProof = !isWritable;
    if (isProof) stamp.run();
  };

  const noteRefusal = () => {
    isWritable = false;
    isProof = false;
    proof ??= setTimeout(prove, proofMs).unref();
  };

  /** Writes nothing, but in a way that the disk has to take. */
  const prove = () => {
    proof = undefined;
    if (isWritable || lost || !sqlite.isOpen) return;
    try {
      if (!open) begin();
      endTurn();
    } catch (error) {
      giveUp(error);
    }
    if (!isWritable) noteRefusal();
  };

  /** Ends the transaction without its writes; whoever waits for them is told. */
  const giveUp = (error: unknown) => {
    clearTimeout(patience);
    open = false;
    isEnding = false;
    noteRefusal();
    rollbacks++;
    if (sqlite.isOpen && sqlite.isTransaction) sqlite.exec('ROLLBACK');
    waiting?.reject(refusedByDisk(path, error));
    waiting = undefined;
  };

  const sync = () => {
    if (syncing || !waiting) return;
    const { promise, resolve, reject } = waiting;
    waiting = undefined;
    if (lost) {
      reject(lost);
      return;
    }
    unsynced = false;
    syncing = promise;
    const settle = (outcome: () => void) => {
      syncing = undefined;
      outcome();
      if (!open) sync();
    };
    // Who waits for the disk waits as well while it has more to fold back than it can keep up with.
    const flush = () => wal.datasync().then(() => checkpoints.room());
    flush().then(
      () => settle(resolve),
      (error) => {
        lost = flushFailed(path, error);
        settle(() => reject(lost));
      },
    );
  };

  return {
    path,
    get rollbacks() {
      return rollbacks;
    },
    watch({ name, key, columns }, onChange) {
      const callback = `watch_${++watches}`;
      sqlite.function(callback, (value) => {
        onChange(String(value));
        return null;
      });
      // Temporary ones are no part of the file: other programs that open it have no such function.
      const on = (what: string, row: 'old' | 'new') =>
        sqlite.exec(
          `CREATE TEMP TRIGGER ${callback}_${what.slice(0, 6)} AFTER ${what} ON main.${name} BEGIN SELECT ${callback}(${row}.${key}); END`,
        );
      on('INSERT', 'new');
      on('DELETE', 'old');
      on(columns ? `UPDATE OF ${columns.join(', ')}` : 'UPDATE', 'old');
    },
    get isWritable() {
      return isWritable && !lost;
    },
    prepare: (sql) => sqlite.prepare(sql),
    write(work) {
      try {
        if (!open) begin();
        mark.run();
      } catch (error) {
        giveUp(error);
        throw refusedByDisk(path, error);
      }
      try {
        const result = work();
        release.run();
        return result;
      } catch (error) {
        rollbacks++;
        // Some faults of the disk take the whole transaction with them.
        if (sqlite.isTransaction) {
          undo.run();
          release.run();
        } else giveUp(error);
        if (isRefusedWrite(error)) noteRefusal();
        throw isRefusal(error) ? refusedByDisk(path, error) : error;
      }
    },
    durable() {
      if (lost) return Promise.reject(lost);
      if (!open && !unsynced) return syncing ?? Promise.resolve();
      waiting ??= Promise.withResolvers<void>();
      const { promise } = waiting;
      if (!open) sync();
      else if (!isEnding) {
        isEnding = true;
        setImmediate(endTurn);
      }
      return promise;
    },
    async close() {
      clearTimeout(proof);
      endTurn();
      await syncing?.catch(() => undefined); // told to those who waited for it
      await checkpoints.close();
      if (!lost) await wal.datasync();
      await wal.close();
      sqlite.close();
    },
  };
}

async function openFile(path: string): Promise<DatabaseSync> {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    // First of all: of two gateways that start at once, one has to wait for the other already here.
    sqlite.exec(`PRAGMA busy_timeout=${openMs}; PRAGMA foreign_keys=ON`);
    await useWal(sqlite);
    sqlite.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');
    sqlite.exec(`PRAGMA journal_size_limit=${checkpointBytes}`);
    migrate(sqlite, path);
    sqlite.exec(`PRAGMA busy_timeout=${busyMs}`);
    return sqlite;
  } catch (error) {
    sqlite?.close();
    throw error instanceof GatewayError ? error : cannotOpen(path, error);
  }
}

/** Programs that change a new file to WAL at once refuse each other at once, whatever `busy_timeout` says: one has to come again. */
async function useWal(sqlite: DatabaseSync): Promise<void> {
  const deadline = performance.now() + openMs;
  for (;;) {
    try {
      sqlite.exec('PRAGMA journal_mode=WAL');
      return;
    } catch (error) {
      if (toResultCode(error) !== codes.busy || performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

function cannotOpen(path: string, error: unknown): GatewayError {
  const reason = error instanceof Error ? error.message : String(error);
  return new GatewayError(
    'UNAVAILABLE',
    `cannot open the database ${path}: ${reason}. ${advice[toResultCode(error)] ?? 'Check that the state directory exists, is writable and has space'}.`,
    { details: { code: 'DATABASE_UNAVAILABLE', path }, cause: error },
  );
}

function migrate(sqlite: DatabaseSync, path: string): void {
  sqlite.exec('BEGIN IMMEDIATE');
  const version = Number(sqlite.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > migrations.length)
    throw new GatewayError(
      'UNAVAILABLE',
      `${path} was written by a newer gateway (schema ${version}, this one knows ${migrations.length}): upgrade, or use another state directory.`,
      { details: { code: 'DATABASE_TOO_NEW', path } },
    );
  for (const step of migrations.slice(version)) sqlite.exec(step);
  sqlite.exec(`PRAGMA user_version=${migrations.length}`);
  sqlite.exec('COMMIT');
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html) for what is the fault of no statement. */
const codes = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 };

const damaged =
  'It is damaged: restore it from a backup, or move it away together with its -wal to start without its conversations';

/** What to do next, where that is not to look after space and permissions. */
const advice: Record<number, string> = {
  [codes.busy]: 'Another program is writing to it: close that one and try again',
  [codes.corrupt]: damaged,
  [codes.notADatabase]: damaged,
};

/** 0 for what does not come from SQLite. The upper bits of its extended codes only narrow down. */
function toResultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

function isRefusal(error: unknown): boolean {
  return Object.values(codes).includes(toResultCode(error));
}

/** True when it is the disk that does not take what it is given. */
function isRefusedWrite(error: unknown): boolean {
  return [codes.readOnly, codes.ioError, codes.full].includes(toResultCode(error));
}

function flushFailed(path: string, cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError(
    'UNAVAILABLE',
    `the disk could not flush ${path}: ${reason}. Nothing more is accepted: look at the disk, then restart the gateway.`,
    { details: { code: 'DATABASE_FLUSH_FAILED' }, cause },
  );
}

function refusedByDisk(path: string, cause: unknown): GatewayError {
  // A write within a write has said it already.
  if (isGatewayError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const next = advice[toResultCode(cause)] ?? 'Free some space and try again';
  return new GatewayError('UNAVAILABLE', `could not write ${path}: ${reason}. Nothing was accepted. ${next}.`, {
    details: { code: 'DATABASE_WRITE_FAILED' },
    retryable: true,
    cause,
  });
}
