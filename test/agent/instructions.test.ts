import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { say } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

/** Rooms with an agent whose workspace can be written, and what stands before its next conversation. */
async function openRooms(config: Config = {}) {
  const rooms = await openAgentRooms({ 'test/one': [say('ok')] }, { config });
  const { workspace } = rooms.agents.default();
  await mkdir(workspace, { recursive: true });
  let runs = 0;
  return {
    ...rooms,
    workspace,
    put: (name: string, text: string) => writeFile(join(workspace, name), text),
    async instructions(sessionKey = 'agent:main:main') {
      await (await rooms.start({ runId: `r${++runs}`, sessionKey })).run?.ended;
      return rooms.models.requests.at(-1)?.system ?? '';
    },
  };
}

it('tells a model what the files of the workspace say, in order, as they are at each run', async () => {
  await using rooms = await openRooms();
  expect(await rooms.instructions()).not.toContain('## ');
  await rooms.put('SOUL.md', 'Be a lobster.\n');
  await rooms.put('AGENTS.md', 'Keep notes.');
  await rooms.put('HEARTBEAT.md', 'Wake up.');
  await rooms.put('other.md', 'Not this.');
  const first = await rooms.instructions();
  expect(first).toContain('## AGENTS.md\n\nKeep notes.\n\n## SOUL.md\n\nBe a lobster.');
  expect(first).toContain(rooms.workspace);
  for (const absent of ['Wake up', 'Not this']) expect(first).not.toContain(absent);

  await rooms.put('SOUL.md', 'Be a crab.');
  await rm(join(rooms.workspace, 'AGENTS.md'));
  const second = await rooms.instructions();
  expect(second).toContain('Be a crab.');
  for (const gone of ['lobster', 'Keep notes']) expect(second).not.toContain(gone);
});

it('tells its memory in its main conversation only', async () => {
  await using rooms = await openRooms();
  await rooms.put('MEMORY.md', 'The user likes tea.');
  expect(await rooms.instructions()).toContain('The user likes tea.');
  expect(await rooms.instructions('agent:main:group')).not.toContain('tea');
});

it('cuts what is too long, and says so', async () => {
  await using rooms = await openRooms({
    agents: { entries: { main: { bootstrapMaxChars: 100, bootstrapTotalMaxChars: 150 } } },
  });
  await rooms.put('AGENTS.md', 'a'.repeat(130));
  await rooms.put('SOUL.md', 'b'.repeat(60));
  await rooms.put('USER.md', 'c'.repeat(10));
  const text = await rooms.instructions();
  expect(text).toContain(`${'a'.repeat(100)}\n[30 characters more: read the file for them]`);
  expect(text).toContain(`${'b'.repeat(50)}\n[10 characters more`);
  expect(text).not.toContain('USER.md');
});

it('leaves out what may not be read, and runs all the same', async () => {
  await using rooms = await openRooms();
  await writeFile(join(rooms.path, 'secret'), 'a secret');
  await symlink(join(rooms.path, 'secret'), join(rooms.workspace, 'AGENTS.md'));
  await mkdir(join(rooms.workspace, 'SOUL.md'));
  await rooms.put('USER.md', 'Ada');
  const text = await rooms.instructions();
  expect(text).toContain('Ada');
  expect(text).not.toContain('a secret');
});
