import type { Database } from '../database/database.ts';
import type { Seal } from './seal.ts';

/** One state of the configuration file that the gateway has written, or found written by hand. */
export interface Revision {
  /** Grows by one with each. */
  id: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Who wrote it; `file` for an edit by hand that was found later. */
  by: string;
  note: string | undefined;
  /** Keys that it changed; empty when that is not known. */
  changedPaths: string[];
  /** The included file that it is a text of, relative to the folder of the configuration; undefined for the latter. */
  file: string | undefined;
}

/** The newest revisions with their texts, sealed: the file holds secrets, also some that it has long lost. */
export interface Revisions {
  /** Newest first. */
  list(): Revision[];
  /** The text of one; undefined when it is not kept. */
  text(id: number): string | undefined;
  /** The newest text of a file; undefined when there is none yet. */
  newestText(file: string | undefined): string | undefined;
  /** Resolves once it is on disk. Keeps the newest {@link keptRevisions}. */
  add(revision: Omit<Revision, 'id'> & { text: string }): Promise<number>;
  /** Takes back one that was not written after all. */
  remove(id: number): void;
}

export const keptRevisions = 20;

interface Row {
  id: number;
  at: number;
  by: string;
  note: string | null;
  changed_paths: string;
  file: string | null;
  text: string;
}

export function createRevisions(database: Database, seal: Seal): Revisions {
  const all = database.prepare('SELECT * FROM config_revisions ORDER BY id DESC LIMIT ?');
  const one = database.prepare('SELECT text FROM config_revisions WHERE id = ?');
  const newest = database.prepare('SELECT text FROM config_revisions WHERE file IS ? ORDER BY id DESC LIMIT 1');
  const insert = database.prepare(
    'INSERT INTO config_revisions (at, by, note, changed_paths, text, file) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
  );
  const prune = database.prepare('DELETE FROM config_revisions WHERE id <= ?');
  const remove = database.prepare('DELETE FROM config_revisions WHERE id = ?');
  const open = (row: { text?: unknown } | undefined) => (row ? seal.open(String(row.text)) : undefined);

  return {
    // Those that were sealed with a secret which is lost are of no use to anybody.
    list: () => (all.all(keptRevisions) as unknown as Row[]).filter((row) => open(row) !== undefined).map(toRevision),
    text: (id) => open(one.get(id)),
    newestText: (file) => open(newest.get(file ?? null)),
    async add({ at, by, note, changedPaths, text, file }) {
      const id = database.write(() => {
        const paths = JSON.stringify(changedPaths.slice(0, maxPaths));
        const row = insert.get(at, by, note ?? null, paths, seal.close(text), file ?? null);
        prune.run(Number(row?.id) - keptRevisions);
        return Number(row?.id);
      });
      await database.durable();
      return id;
    },
    remove: (id) => void database.write(() => remove.run(id)),
  };
}

/** Of the keys that one revision changed. */
const maxPaths = 1000;

function toRevision({ id, at, by, note, changed_paths, file }: Row): Revision {
  const changedPaths = JSON.parse(changed_paths) as string[];
  return { id, at, by, note: note ?? undefined, changedPaths, file: file ?? undefined };
}
