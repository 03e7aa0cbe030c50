import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from '../processes.ts';

describe('gateway probe', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
    await mkdir(home.stateDir);
  });
  afterAll(() => home[Symbol.asyncDispose]());
  // What is added to it while a gateway runs may not make that start anew.
  const configure = (gateway: Record<string, unknown>) =>
    writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', ...gateway } }));
  beforeEach(() => configure({}));

  it('says that nobody answers, where, and how to go on; exit code 1', async () => {
    const port = await freePort();
    const ended = await home.run(['gateway', 'probe', '--port', String(port)]);
    expect(ended).toMatchObject({ exitCode: 1, stderr: '' });
    expect(ended.stdout).toContain('Gateway probe · profile default\nReachable: no\nCapability: unknown\n');
    expect(ended.stdout).toContain(`ws://127.0.0.1:${port}`);
    expect(ended.stdout).toContain('Connect: failed - connect ECONNREFUSED');
    expect(ended.stdout).toContain('openclaw gateway');
  });

  it('tries the local one and the remote one of the configuration, and knows the active one', async () => {
    await using gateway = await disposable(home.gateway());
    const dead = `ws://127.0.0.1:${await freePort()}`;
    await configure({ remote: { url: dead, token: 'of-the-remote-gateway' } });
    const ended = await home.run(['gateway', 'probe']);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(/Reachable: yes\nCapability: admin-capable\n/);
    expect(ended.stdout).toMatch(/Remote \(configured, inactive\) {2}ws:.*\n {4}Connect: failed/);
    expect(ended.stdout).toMatch(
      /Local loopback {2}ws:\S+ {2}\(active\)\n {4}Connect: ok \(\d+ms\)\n {4}Read probe: ok\n/,
    );
    const json = await home.run(['gateway', 'probe', '--json']);
    expect(json.stdout).not.toContain('of-the-remote-gateway');
    expect(JSON.parse(json.stdout)).toMatchObject({
      schemaVersion: 1,
      profile: null,
      ok: true,
      degraded: false,
      capability: 'admin_capable',
      primaryTargetId: 'local',
      warnings: [],
      targets: [
        {
          id: 'remote',
          url: dead,
          active: false,
          connect: { ok: false, rpcOk: false, latencyMs: null },
          auth: null,
          server: null,
        },
        {
          id: 'local',
          url: gateway.url,
          active: true,
          connect: { ok: true, rpcOk: true, error: null },
          auth: { role: 'operator', capability: 'admin_capable' },
          server: { version: expect.any(String), bootId: expect.any(String) },
        },
      ],
    });
  });

  it('warns of several gateways, and not of two ways to one', async () => {
    await using first = await disposable(home.gateway());
    const other = { OPENCLAW_STATE_DIR: join(home.dir, 'other') };
    await using second = await disposable(home.gateway([], { env: other }));
    const ports = ['--port', String(first.port), '--port', String(second.port)];
    const several = await home.run(['gateway', 'probe', ...ports]);
    expect(several.exitCode).toBe(0);
    expect(several.stdout).toMatch(/multiple reachable gateway/);
    const { warnings, degraded } = JSON.parse((await home.run(['gateway', 'probe', ...ports, '--json'])).stdout);
    expect(warnings[0]).toMatchObject({
      code: 'multiple_gateways',
      targetIds: [`port-${first.port}`, `port-${second.port}`],
    });
    // The token of this state directory is not that of the other.
    expect(warnings[1]).toMatchObject({ code: 'auth_refused', targetIds: [`port-${second.port}`] });
    expect(degraded).toBe(true);
    const token = JSON.parse(await readText(join(home.stateDir, 'gateway.json'))).token as string;
    const twoWays = await home.run(['gateway', 'probe', '--url', first.url, '--token', token, '--json']);
    expect(JSON.parse(twoWays.stdout)).toMatchObject({ primaryTargetId: 'explicit', warnings: [] });
  });

  it('counts a gateway that refuses as one that is there', async () => {
    await using _ = await disposable(home.gateway());
    const ended = await home.run(['gateway', 'probe', '--token', 'wrong-token-of-somebody', '--json']);
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).not.toContain('wrong-token-of-somebody');
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: true,
      degraded: true,
      capability: 'unknown',
      targets: [{ reachable: true, connect: { ok: false, error: { code: 'AUTH_TOKEN_MISMATCH' } } }],
    });
  });

  it.each([
    [['--port', 'x'], '--port "x" is no port'],
    [['--url', 'nonsense'], 'is no gateway url'],
    [['--timeout', '0'], '--timeout must be a positive number'],
  ])('%j is bad usage', async (args, words) => {
    const ended = await home.run(['gateway', 'probe', ...args]);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(words);
  });

  it('sends no credential in the clear over a network that is not ours, also to one that is not active', async () => {
    const url = 'ws://openclaw.invalid:9';
    await configure({ mode: 'local', remote: { url, token: 'of-the-remote-gateway' } });
    const { stdout } = await home.run(['gateway', 'probe', '--json']);
    const [remote] = JSON.parse(stdout).targets;
    expect(remote).toMatchObject({ id: 'remote', url, connect: { ok: false, error: { code: 'INSECURE_URL' } } });
  });

  it.each(['local', 'remote'])('hides what stands in the address of the remote one, in mode %s', async (mode) => {
    const url = `wss://ann:Hush-Pass-1@127.0.0.1:${await freePort()}/?token=Hush-Query-2`;
    await configure({ mode, remote: { url, token: 'Hush-Token-3' } });
    for (const words of ['gateway probe', 'gateway status', 'status', 'health', 'auth explain', 'config get gateway'])
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await home.run([...words.split(' '), ...more]);
        expect(`${words}: ${stdout}${stderr}`).not.toMatch(/Hush/);
      }
  });
});

async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}

/** A gateway that ends with the test. */
async function disposable(starting: ReturnType<Home['gateway']>) {
  const gateway = await starting;
  return {
    ...gateway,
    async [Symbol.asyncDispose]() {
      gateway.process.kill('SIGKILL');
      await gateway.ended;
    },
  };
}
