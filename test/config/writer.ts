import { createConfigFile } from '../../server/config/config-file.ts';
import { createFingerprint } from '../../server/config/fingerprint.ts';
import { createLiveConfig } from '../../server/config/live.ts';
import { loadConfig } from '../../server/config/load.ts';
import { createRevisions } from '../../server/config/revisions.ts';
import { createSeal } from '../../server/config/seal.ts';
import { openDatabase } from '../../server/database/database.ts';

/** A process that writes its configuration, again and again, until it is killed. Prints a line for each write that was answered. */
const [path = '', databasePath = ''] = process.argv.slice(2);
const loaded = await loadConfig({ path, env: {} });
const file = createConfigFile({
  path,
  env: {},
  live: createLiveConfig(loaded),
  fingerprint: createFingerprint('key'),
  revisions: createRevisions(await openDatabase(databasePath), createSeal('key', 'a test')),
  onWritten: () => undefined,
});
for (let round = Number(loaded.config.agents?.defaults?.maxConcurrent) + 1; ; round++) {
  const description = 'x'.repeat(round % 7 ? 100 : 200_000);
  const patch = { agents: { defaults: { maxConcurrent: round }, entries: { main: { description } } } };
  await file.edit({ patch, by: 'writer', allowDestructive: true });
  process.stdout.write(`${round}\n`);
}
