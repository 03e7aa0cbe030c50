import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createHome, type Home } from './processes.ts';

async function ask(home: Home, ...flags: string[]) {
  const gateway = await home.gateway(flags);
  expect((await home.run(['sessions', 'list', '--limit', '3'])).exitCode).toBe(0);
  expect((await home.run(['gateway', 'call', 'no.such', '--params', '{"token":"t0psecret"}'])).exitCode).toBe(1);
  gateway.process.kill('SIGTERM');
  const { stdout } = await gateway.ended;
  const [, file = ''] = /log file: (\S+)/.exec(stdout) ?? [];
  return { stdout, file: await readFile(file, 'utf8') };
}

describe.concurrent('the ready lines', () => {
  it('tell where it listens, how long each step took, and where the log is, in the log and on the terminal', async () => {
    await using home = await createHome();
    const { stdout, file } = await ask(home);
    const lines = file
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ subsystem }) => subsystem === 'gateway');
    const at = lines.findIndex(({ message }) => message.startsWith('http server listening ('));
    expect(lines[at]).toMatchObject({
      steps: { lock: expect.any(Number), database: expect.any(Number), listen: expect.any(Number) },
    });
    expect(lines.slice(at + 1, at + 3).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^log file: \//),
      'ready',
    ]);
    expect(stdout).toMatch(
      / \[gateway\] http server listening \(127\.0\.0\.1:\d+; lock \d+ ms, .*listen \d+ ms.*\)\n.* \[gateway\] log file: \S+\n.* \[gateway\] ready\n/,
    );
    expect(stdout).not.toContain('sessions.list');
  });
});

describe.concurrent('gateway --verbose', () => {
  it('prints each request with its answer on one line, and not into the log file', async () => {
    await using home = await createHome();
    const { stdout, file } = await ask(home, '--verbose');
    expect(stdout).toMatch(/\[ws\] <-> sessions\.list \S+ \[[\da-f]{8}\] ok \d+ ms\n/);
    expect(stdout).toMatch(/\[ws\] <-> no\.such .* INVALID_REQUEST \d+ ms: unknown method: no\.such\n/);
    expect(stdout).not.toContain('t0psecret');
    expect(file).not.toContain('<->');
    expect(file).toContain('ready');
  });

  it('prints all that is in them with --ws-log full, but for secrets', async () => {
    await using home = await createHome();
    const { stdout } = await ask(home, '--verbose', '--ws-log', 'full');
    expect(stdout).toMatch(/\[ws\] -> req sessions\.list .* \{"limit":3\}\n/);
    expect(stdout).toMatch(/\[ws\] <- res sessions\.list .* ok \d+ ms \{.*"sessions":\[/);
    expect(stdout).toMatch(/-> req no\.such .* \{"token":"\*\*\*"\}/);
    expect(stdout).not.toContain('t0psecret');
  });

  it.each([
    [['--ws-log', 'loud'], 'is not one of auto, full, compact'],
    [['--ws-log', 'full', '--compact'], 'leave one out'],
    [['--raw-stream'], 'openclaw runs events'],
    [['--raw-stream-path', 'raw.jsonl'], '--raw-stream-path is not in this version'],
  ])('is not to be had with %j', async (flags, words) => {
    await using home = await createHome();
    const ended = await home.run(['gateway', '--allow-unconfigured', '--verbose', ...flags]);
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(words) });
  });
});
