import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../scratch.ts';

describe('a gateway that is killed', () => {
  it('leaves every line it wrote shortly before, though it flushed and closed nothing', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'gateway.log');
    const source = new URL('../../server/log/file-log.ts', import.meta.url).href;
    const program = `
      const { createLog } = await import(${JSON.stringify(source)});
      const log = createLog({ file: ${JSON.stringify(file)}, consoleLevel: 'silent' });
      for (let index = 0; index < 2000; index++) log.info('line ' + index);
      setInterval(() => {}, 1000);
      process.stdout.write('written');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
      await expect.poll(() => countLines(file), { timeout: 2000 }).toBe(2000);
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(lines.map((_, index) => `line ${index}`));
  });
});

async function countLines(file: string): Promise<number> {
  return (await readFile(file, 'utf8')).split('\n').length - 1;
}
