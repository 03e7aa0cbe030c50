import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import { scratch } from '../scratch.ts';

const writer = join(import.meta.dirname, 'writer.ts');
const rounds = 12;

it('a process that is killed while it writes leaves the old file or the new one whole', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'openclaw.json');
  await writeFile(path, '// kept\n{ agents: { defaults: { maxConcurrent: 1 } } } // to the end\n');
  let last = 1;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [writer, path, join(folder.path, 'openclaw.db')]);
    const lines = createInterface({ input: child.stdout });
    const writes = 1 + Math.floor(Math.random() * 8);
    let seen = 0;
    for await (const line of lines) {
      last = Number(line);
      // Somewhere within the next write, which begins right after the line.
      if (++seen === writes) setTimeout(() => child.kill('SIGKILL'), Math.random() * 12);
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    const { config, raw } = await loadConfig({ path, env: {} });
    const now = config.agents?.defaults?.maxConcurrent;
    // What was answered is there; one more write may have been made without being answered.
    expect([last, last + 1]).toContain(now);
    expect(raw).toMatch(/^\/\/ kept\n[\s\S]*\/\/ to the end\n$/);
    last = now ?? 0;
  }
  const drafts = (await readdir(folder.path)).filter((name) => name.endsWith('.tmp'));
  // One at most of each file that a write replaces: itself, and its backup while its own draft lies there.
  expect(new Set(drafts.map((name) => name.replace(/\d+\.\w+\.tmp$/, ''))).size).toBe(drafts.length);
  expect(await readFile(path, 'utf8')).toContain('maxConcurrent');
}, 120_000);
