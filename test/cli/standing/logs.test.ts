import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from '../processes.ts';

describe('logs', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  const logOf = async (of: Home) => {
    const folder = join(of.dir, 'openclaw');
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log'));
    return join(folder, name);
  };
  const records = (text: string) =>
    text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('says that there is neither a gateway nor a file', async () => {
    const env = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const ended = await home.run(['logs'], { env });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(
      /^no gateway answers at .*there is no log file \S+openclaw-\d{4}-\d\d-\d\d\.log either\n$/,
    );
    const json = await home.run(['logs', '--json'], { env });
    expect(json).toMatchObject({ exitCode: 1, stdout: '' });
    expect(records(json.stderr)).toMatchObject([
      { type: 'error', message: expect.any(String), error: { code: 'UNREACHABLE' } },
    ]);
  });

  it('asks the gateway, and without one reads its file', async () => {
    const gateway = await home.gateway();
    const up = await home.run(['logs', '--limit', '2', '--json']);
    expect(up).toMatchObject({ exitCode: 0, stderr: '' });
    const file = await logOf(home);
    expect(records(up.stdout)).toMatchObject([
      {
        type: 'meta',
        schemaVersion: 1,
        sourceKind: 'gateway',
        localFallback: false,
        url: gateway.url,
        file,
        truncated: true,
      },
      {
        type: 'log',
        level: 'info',
        subsystem: expect.any(String),
        message: expect.any(String),
        raw: expect.any(String),
      },
      { type: 'log' },
    ]);
    const [utc, local] = await Promise.all([
      home.run(['logs', '--utc', '--limit', '1']),
      home.run(['logs', '--local-time', '--plain', '--limit', '1'], { env: { TZ: 'Asia/Kolkata' } }),
    ]);
    expect(utc.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO \[\w+\] \S.*\n$/);
    expect(local.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+\+05:30 INFO \[\w+\] \S.*\n$/);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
    // Whoever runs the tests may have a gateway on the usual port.
    const env = { OPENCLAW_GATEWAY_PORT: String(gateway.port) };
    const down = await home.run(['logs', '--limit', '1'], { env });
    expect(down.exitCode).toBe(0);
    expect(down.stdout).toMatch(/ INFO \[gateway\] stopped\n$/);
    expect(down.stderr).toContain(`these lines are from its file ${file}`);
    const json = await home.run(['logs', '--limit', '1', '--json'], { env });
    expect(records(json.stdout)).toMatchObject([
      { type: 'meta', sourceKind: 'file', localFallback: true, file },
      { type: 'log' },
    ]);
    expect(records(json.stderr)).toMatchObject([{ type: 'notice', message: expect.stringContaining(file) }]);
  });

  it('--follow tells every line once, over a stop and a start, until Ctrl-C', async () => {
    await using own = await createHome();
    const port = await freePort();
    const args = ['gateway', '--allow-unconfigured', '--port', String(port)];
    const first = own.start(args);
    await first.sees(/Try next/);
    const following = own.start(['logs', '--follow', '--interval', '50', '--json']);
    await following.sees(/"message":"ready"/);
    first.process.kill('SIGTERM');
    await first.ended;
    await following.sees(/"message":"stopped"/);
    const second = own.start(args);
    await second.sees(/Try next/);
    await following.sees(/"message":"ready"[\s\S]*"message":"ready"/);
    await expect.poll(() => following.stderr(), { timeout: 20_000 }).toContain('gateway reconnected');
    await own.run(['gateway', 'call', 'no.such.method']);
    const raw = async () => (await readFile(await logOf(own), 'utf8')).trim().split('\n');
    const told = () => records(following.stdout()).filter(({ type }) => type === 'log');
    await expect.poll(async () => told().length === (await raw()).length, { timeout: 10_000 }).toBe(true);
    expect(told().map((line) => line.raw)).toEqual(await raw());
    const notices = records(following.stderr());
    expect(notices.every(({ type }) => type === 'notice')).toBe(true);
    expect(notices[0]?.message).toMatch(/^gateway disconnected \(.+\); try 1 of 8 in 1 s$/);
    following.process.kill('SIGINT');
    expect(await following.ended).toMatchObject({ exitCode: 0 });
  });

  it('--follow ends at once where it is refused', async () => {
    await using own = await createHome();
    await own.gateway();
    const ended = await own.run(['logs', '--follow', '--token', 'wrong-token-of-somebody']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(/unauthorized: gateway token mismatch/);
    expect(ended.stderr).not.toContain('wrong-token-of-somebody');
  });

  it.each([
    [['--limit', '0'], '--limit must be a whole number from 1 to 5000, not "0"'],
    [['--interval', 'x'], '--interval must be a whole number'],
    [['--max-bytes', '1000001'], '--max-bytes must be a whole number from 1 to 1000000'],
    [['--utc', '--local-time'], 'leave one out'],
    [['--folow'], 'did you mean --follow?'],
  ])('%j is bad usage', async (args, words) => {
    const ended = await home.run(['logs', ...args]);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(words);
  });
});
