import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { GatewayError } from '../../sdk/protocol/errors.ts';
import { type ConfigEdited, createConfigFile } from '../../server/config/config-file.ts';
import type { ConfigEdit } from '../../server/config/edit.ts';
import { createFingerprint } from '../../server/config/fingerprint.ts';
import { createLiveConfig } from '../../server/config/live.ts';
import { loadConfig } from '../../server/config/load.ts';
import { createRevisions } from '../../server/config/revisions.ts';
import { createSeal } from '../../server/config/seal.ts';
import { openDatabase } from '../../server/database/database.ts';
import { scratch } from '../scratch.ts';

/** Who edits in the tests of this room. */
export const by = 'a test';

interface HouseOptions {
  text?: string | undefined;
  env?: Record<string, string>;
  /** Files beside it, by name. */
  files?: Record<string, string>;
  /** Called after an edit has been judged, and before it is written. */
  beforeWrite?: () => Promise<void>;
  /** The configuration file is a link to this name in the folder. */
  linkTo?: string;
}

/** A configuration file in a folder of its own, with all that edits it. */
export async function openHouse({ text: first, env = {}, linkTo, files = {}, beforeWrite }: HouseOptions = {}) {
  const folder = await scratch();
  const path = join(folder.path, 'openclaw.json');
  if (linkTo) {
    await mkdir(join(folder.path, 'real'));
    await symlink(join('real', linkTo), path);
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), content);
  }
  if (first !== undefined) await writeFile(path, first, { mode: 0o644 });
  const database = await openDatabase(join(folder.path, 'openclaw.db'));
  const live = createLiveConfig(await loadConfig({ path, env }));
  const revisions = createRevisions(database, createSeal('key', 'a test'));
  const written: ConfigEdited[] = [];
  const file = createConfigFile({
    path,
    env,
    live,
    fingerprint: createFingerprint('key'),
    revisions: {
      ...revisions,
      async add(revision) {
        if (revision.by !== 'file') await beforeWrite?.();
        return revisions.add(revision);
      },
    },
    onWritten: (edited) => written.push(edited),
  });
  return {
    folder: folder.path,
    database,
    path,
    live,
    file,
    written,
    read: (name = 'openclaw.json') => readFile(join(folder.path, name), 'utf8'),
    edit: (edit: Omit<ConfigEdit, 'by'>) => file.edit({ ...edit, by }),
    refusal: (edit: Omit<ConfigEdit, 'by'>) =>
      file.edit({ ...edit, by }).then(
        () => expect.unreachable(),
        (error: GatewayError) => error,
      ),
    async [Symbol.asyncDispose]() {
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
