import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../scratch.ts';
import { findFreePort, spawnGateway } from './process.ts';

it.each([
  ['exception', 'throw new Error("boom with " + process.env.BOOM)', 'uncaughtException'],
  ['rejection', 'Promise.reject(new TypeError("boom"))', 'unhandledRejection'],
  ['rejection with a word', 'Promise.reject("boom")', 'unhandledRejection'],
])('has an %s that nobody sees to in the log, as its last line, and ends', async (_name, fault, origin) => {
  await using folder = await scratch();
  const program = `process.on('SIGWINCH', () => { ${fault}; })`;
  const env = {
    BOOM: 'sk-proj-0123456789abcdefghij0123456789',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
  };
  const port = await findFreePort();
  await using gateway = await spawnGateway({ stateDir: folder.path, port, config: {}, env });
  gateway.signal('SIGWINCH');
  expect(await gateway.exited).toMatchObject({ code: 1 });
  const lines = (await readFile(join(folder.path, 'gateway.log'), 'utf8')).trimEnd().split('\n');
  const last = JSON.parse(lines.find((line) => line.includes('the gateway ends')) ?? '{}');
  expect(last).toMatchObject({ message: expect.stringContaining('that nobody'), origin });
  expect(JSON.stringify(last)).toContain('boom');
  expect(JSON.stringify(last)).not.toContain('0123456789abcdefghij0123456789');
});
