import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openDatabase } from '../../server/database/database.ts';
import { migrations } from '../../server/database/migrations.ts';
import type { Log } from '../../server/log/log.ts';
import { createSessionStore } from '../../server/sessions/live-store.ts';
import { scratch } from '../scratch.ts';
import { everything } from './open-store.ts';

it('a database of the first schema is listed, read and searched after an upgrade', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'openclaw.db');
  const old = new DatabaseSync(path);
  old.exec(migrations[0] ?? '');
  old.exec('PRAGMA user_version = 1');
  old.exec(`INSERT INTO sessions (key, session_id, agent_id, label, created_at, updated_at, archived, pinned, last_seq)
    VALUES ('agent:main:Alt', 's-1', 'main', 'Älter', 1, 5, 0, 1, 2), ('agent:main:kept', 's-2', 'main', NULL, 1, 4, 1, 0, 0)`);
  const body = JSON.stringify({ content: [{ type: 'text', text: 'an old needle' }], id: 'm-1' });
  const insert = old.prepare('INSERT INTO messages (session_id, seq, role, timestamp, body) VALUES (?, ?, ?, ?, ?)');
  insert.run('s-1', 1, 'user', 3, body);
  insert.run('s-1', 2, 'assistant', 4, body.replace('m-1', 'm-2').replace('an old', 'and a much older'));
  old.close();

  const database = await openDatabase(path);
  const store = createSessionStore({
    database,
    mainKey: () => 'main',
    modelOf: () => ({ provider: 'test', model: 'one' }),
    publish: () => undefined,
  });
  try {
    expect(store.list({ ...everything, search: 'main:alt', archived: 'all' }).rows).toMatchObject([
      { key: 'agent:main:Alt', label: 'Älter', pinned: true, pinnedAt: 5, lastInteractionAt: 5, messageCount: 2 },
    ]);
    expect(store.list({ ...everything, archived: true }).rows).toMatchObject([{ archivedAt: 4 }]);
    const request = { limit: 1, offset: 0, maxChars: 100, messageId: 'm-1' };
    expect(store.page('agent:main:Alt', request).messages).toMatchObject([{ __openclaw: { id: 'm-1', seq: 1 } }]);
    expect(await store.search({ query: 'needle', limit: 5 })).toEqual({ results: [], indexing: true });
    store.startUpkeep({ error() {} } as unknown as Log);
    await expect
      .poll(async () => (await store.search({ query: 'needle', limit: 5 })).results.map(({ messageId }) => messageId))
      .toEqual(['m-1', 'm-2']);
  } finally {
    store.close();
    await database.close();
  }
});
