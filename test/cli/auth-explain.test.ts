import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from './processes.ts';
import { readTree } from './tree.ts';

const right = 'the-right-token-0123456789';
const wrong = 'a-wrong-token-abcdefghijkl';
const printOf = (secret: string) => createHash('sha256').update(secret).digest('hex').slice(0, 8);

interface Report {
  schemaVersion: number;
  url: string;
  kind: string;
  credential: { kind: string; source: string; fingerprint: string } | null;
  candidates: { kind: string; source: string; state: string; why: string; fingerprint?: string }[];
  server: { reachable: boolean; expects: string; accepted: boolean | null; code?: string };
  advice: string[];
}

async function homeWith(auth: object): Promise<Home & { port: number }> {
  const home = await createHome();
  const port = await freePort();
  await mkdir(home.stateDir, { mode: 0o700 });
  const text = JSON.stringify({ gateway: { mode: 'local', port, auth } });
  await writeFile(join(home.stateDir, 'openclaw.json'), text, { mode: 0o600 });
  return { ...home, port };
}

async function explain(home: Home, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr, exitCode } = await home.run(['auth', 'explain', '--json', ...args], { env });
  const people = await home.run(['auth', 'explain', ...args], { env });
  for (const secret of [right, wrong]) expect(stdout + stderr + people.stdout + people.stderr).not.toContain(secret);
  expect(people.exitCode).toBe(exitCode);
  return { exitCode, people: people.stdout, report: JSON.parse(stdout) as Report };
}

describe('openclaw auth explain', () => {
  it('tells what would be sent while the gateway is down, and changes nothing', async () => {
    await using home = await homeWith({ token: right });
    const before = await readTree(home.dir);
    const { exitCode, report, people } = await explain(home);
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({
      schemaVersion: 1,
      url: `ws://127.0.0.1:${home.port}`,
      credential: { kind: 'token', fingerprint: printOf(right) },
      server: { reachable: false, accepted: null },
    });
    expect(report.credential?.source).toMatch(/^gateway\.auth\.token in /);
    expect(report.advice).toEqual([expect.stringContaining('openclaw gateway start')]);
    expect(people).toContain(printOf(right));
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('says that the gateway takes it, and what it wanted', async () => {
    await using home = await homeWith({ token: right });
    await home.gateway(['--port', String(home.port)]);
    const { exitCode, report } = await explain(home);
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ server: { reachable: true, expects: 'token', accepted: true }, advice: [] });
    expect(report.candidates.filter(({ state }) => state === 'chosen')).toHaveLength(1);
    expect(report.candidates.every(({ why }) => why.length > 0)).toBe(true);
  });

  it('says which of two secrets is in the way', async () => {
    await using home = await homeWith({ token: right });
    await home.gateway(['--port', String(home.port)]);
    const { exitCode, report, people } = await explain(home, [], { OPENCLAW_GATEWAY_TOKEN: wrong });
    expect(exitCode).toBe(1);
    expect(report).toMatchObject({
      credential: { source: 'OPENCLAW_GATEWAY_TOKEN', fingerprint: printOf(wrong) },
      server: { reachable: true, expects: 'token', accepted: false, code: 'AUTH_TOKEN_MISMATCH' },
    });
    expect(report.advice[0]).toMatch(/gateway\.json holds another one.*unset OPENCLAW_GATEWAY_TOKEN/);
    const passed = report.candidates.filter(({ state }) => state === 'passed-over');
    expect(passed.map(({ fingerprint }) => fingerprint)).toContain(printOf(right));
    expect(passed[0]?.why).toContain('OPENCLAW_GATEWAY_TOKEN comes first');
    expect(people).toContain('refuses');
  });

  it('borrows nothing for --url, and says so', async () => {
    await using home = await homeWith({ token: right });
    await home.gateway(['--port', String(home.port)]);
    const url = `ws://127.0.0.1:${home.port}`;
    const { exitCode, report } = await explain(home, ['--url', url], { OPENCLAW_GATEWAY_TOKEN: wrong });
    expect(exitCode).toBe(1);
    expect(report).toMatchObject({ kind: 'given', credential: null, server: { expects: 'token', accepted: false } });
    expect(report.candidates.find(({ source }) => source === 'OPENCLAW_GATEWAY_TOKEN')).toMatchObject({
      state: 'passed-over',
      why: expect.stringContaining('nothing is borrowed'),
    });
    const given = await explain(home, ['--url', url, '--token', right]);
    expect(given).toMatchObject({ exitCode: 0, report: { credential: { source: '--token' } } });
  });

  it('says that a password is wanted where a token is sent', async () => {
    await using home = await homeWith({ mode: 'password', password: right });
    await home.gateway(['--port', String(home.port)]);
    const { exitCode, report } = await explain(home, ['--token', wrong]);
    expect(exitCode).toBe(1);
    expect(report.server).toMatchObject({ expects: 'password', accepted: false });
    expect(report.advice[0]).toMatch(/wants a password.*is a token/);
  });

  it('names what cannot be read', async () => {
    await using home = await homeWith({ token: { source: 'env', provider: 'default', id: 'NOWHERE' } });
    const { report } = await explain(home);
    expect(report.credential).toBeNull();
    expect(report.candidates).toContainEqual(expect.objectContaining({ state: 'unreadable' }));
  });

  it('says that everybody is let in where nothing is wanted', async () => {
    await using home = await homeWith({ mode: 'none' });
    await home.gateway(['--port', String(home.port)]);
    const { exitCode, report } = await explain(home);
    expect({ exitCode, server: report.server }).toMatchObject({ exitCode: 0, server: { expects: 'none' } });
  });
});
