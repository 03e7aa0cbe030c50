import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startTestGateway } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { begin, reply } from '../upstream.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** Runs an example as its reader does, where the gateway keeps its state; nothing else is told to it. */
const play = (name: string, stateDir: string, env: Record<string, string> = {}) =>
  run(process.execPath, [join(root, 'examples', name)], {
    cwd: root,
    timeout: 20_000,
    env: { PATH: process.env.PATH, HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, ...env },
  });

describe('the examples', () => {
  it('quickstart streams a reply', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(reply('Set gateway.bind', ' to lan.'));
    const { stdout } = await play('quickstart.ts', gateway.paths.stateDir);
    expect(stdout).toBe('Set gateway.bind to lan.\n\nok, 12 tokens of up/one\n');
    expect(JSON.stringify(gateway.upstream.requests[0]?.body.messages)).toContain('How do I bind to my LAN?');
  });

  it('stream-and-abort stops a run that would go on for ever', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(begin('word '.repeat(20), () => {}));
    const { stdout } = await play('stream-and-abort.ts', gateway.paths.stateDir);
    expect(stdout).toContain('[started]');
    expect(stdout).toMatch(/^aborted after \d+ characters: aborted$/m);
    expect(stdout).toContain('the session keeps 2 messages; the last one ended with "aborted"');
  });

  it('stream-and-abort is not thrown by a run that is faster', async () => {
    await using gateway = await startTestGateway();
    const { stdout } = await play('stream-and-abort.ts', gateway.paths.stateDir);
    expect(stdout).toContain('it was faster than us: ok');
  });

  it('openai-package streams through the HTTP API', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(reply('In ', 'the folder.'));
    const { stdout } = await play('openai-package.ts', gateway.paths.stateDir);
    expect(stdout).toBe('In the folder.\n');
  });

  it('say in one line what is wrong when no gateway runs', async () => {
    await using folder = await scratch();
    const failed = await play('quickstart.ts', folder.path, { OPENCLAW_GATEWAY_PORT: '1' }).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('UNREACHABLE');
    expect(failed.stderr).toContain('start one with `openclaw gateway`');
    expect(failed.stderr).toContain('examples/quickstart.ts');
  });

  it('import public packages only', async () => {
    for (const name of await readdir(join(root, 'examples'))) {
      const text = await readFile(join(root, 'examples', name), 'utf8');
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, target]) => target);
      expect(['@openclaw/sdk', 'openai'], name).toEqual(expect.arrayContaining(imports));
    }
  });
});
