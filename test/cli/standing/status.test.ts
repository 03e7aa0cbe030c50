import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from '../processes.ts';

const maxLines = 24;
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('status without a gateway', () => {
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    home = await createHome();
    env = { XDG_RUNTIME_DIR: join(home.dir, 'none'), OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    await mkdir(home.stateDir);
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('begins with the verdict and what to do; exit code 0', async () => {
    const ended = await home.run(['status'], { env });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    const url = `ws://127.0.0.1:${env.OPENCLAW_GATEWAY_PORT}`;
    expect(ended.stdout).toMatch(
      new RegExp(`^DOWN: no gateway answers at ${url}: connect ECONNREFUSED.*\nNext: openclaw gateway`),
    );
    expect(ended.stdout).toMatch(new RegExp(`^Gateway {2}local · ${url} · unreachable \\(.+\\) · auth token$`, 'm'));
    expect(ended.stdout).toMatch(/^Profile {2}default$/m);
    expect(JSON.parse((await home.run(['status', '--json'], { env })).stdout)).toMatchObject({
      schemaVersion: 1,
      verdict: { level: 'down', problems: [], next: expect.any(String) },
      profile: null,
      gateway: { mode: 'local', url, reachable: false, error: { code: 'UNREACHABLE' }, version: null },
      gatewayService: { installed: false, runtime: { status: 'stopped' } },
      agents: null,
      sessions: null,
      config: { exists: false, valid: true },
    });
  });

  it('names what is wrong with the configuration', async () => {
    const path = join(home.stateDir, 'openclaw.json');
    await writeFile(path, "{ gateway: { mode: 'local', prot: 1 } }");
    const { stdout, exitCode } = await home.run(['status', '--all', '--deep', '--usage'], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^DOWN: .*\n- Invalid config at .*openclaw\.json:1:\d+ — gateway: Unrecognized key: "prot".*did you mean gateway\.port\?\nNext: openclaw doctor$/m,
    );
    expect(stdout).toMatch(/^Config {3}\S+ · invalid \(1 fault\)$/m);
    await writeFile(path, "{ gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }");
    expect((await home.run(['status'], { env })).stdout).toMatch(/^- refusing to bind gateway to \S+ without auth/im);
  });

  it('looks at the remote gateway that the configuration names', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const remote = { gateway: { mode: 'remote', remote: { url, token: 'of-the-remote-gateway' } } };
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(remote));
    const { OPENCLAW_GATEWAY_PORT: _, ...rest } = env;
    const ended = await home.run(['status'], { env: rest });
    expect(ended.stdout).toContain(url);
    expect(ended.stdout).not.toContain('of-the-remote-gateway');
  });
});

describe('status of a gateway that runs', () => {
  let home: Home;
  let url = '';
  const agents = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`agent-${at}`, { name: `Agent ${at}` }]));
  beforeAll(async () => {
    home = await createHome();
    await mkdir(home.stateDir);
    const config = { gateway: { mode: 'local' }, agents: { entries: agents }, cron: { enabled: true }, broadcast: {} };
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
    ({ url } = await home.gateway([], { env: { XDG_RUNTIME_DIR: join(home.dir, 'none') } }));
    for (const key of ['one', 'two', 'three']) await home.run(['sessions', 'create', key]);
  });
  afterAll(() => home[Symbol.asyncDispose]());
  const run = (...args: string[]) => home.run(args, { env: { XDG_RUNTIME_DIR: join(home.dir, 'none') } });

  it('is told verdict first, with the gateway in one row', async () => {
    const ended = await run('status');
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      new RegExp(`^OK: the gateway answers at ${url}: 40 agents, 3 sessions, 0 runs working\n`),
    );
    expect(ended.stdout).toMatch(new RegExp(`^Gateway {2}local · ${url} · reachable \\d+ms · auth token$`, 'm'));
    expect(ended.stdout).toMatch(/^Agents {3}agent-0 \(default\) · /m);
    expect(ended.stdout).toMatch(/^ +and \d+ more$/m);
  });

  it.each([[[]], [['--all']], [['--deep']], [['--usage']], [['--all', '--deep', '--usage']]])(
    'is never longer than a terminal: %j',
    async (flags) => {
      const { stdout, exitCode } = await run('status', ...flags);
      expect(exitCode).toBe(0);
      expect(linesOf(stdout).length).toBeLessThanOrEqual(maxLines);
      // Every row that was asked for is there, however long the others are.
      for (const name of ['Gateway', 'Service', 'Runs', 'Config', 'Log', 'Agents', 'Recent'])
        expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
      if (flags.includes('--deep')) expect(stdout).toMatch(/^Deep {5}ready$/m);
      if (flags.includes('--usage')) expect(stdout).toMatch(/^Usage {4}no provider has told/m);
      if (flags.includes('--all')) expect(stdout).toMatch(/^Port {5}\d+ busy|^Port {5}and/m);
    },
  );

  it('is one object for programs, with what the gateway says of itself', async () => {
    const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
    const ended = await run('status', '--all', '--deep', '--usage', '--json');
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).not.toContain(token);
    const report = JSON.parse(ended.stdout);
    expect(report).toMatchObject({
      schemaVersion: 1,
      verdict: { level: 'ok', problems: [] },
      runtimeVersion: expect.any(String),
      gateway: { mode: 'local', url, reachable: true, rpcOk: true, authMode: 'token', capability: 'admin_capable' },
      gatewayService: { runtime: { status: 'running', kind: 'foreground' } },
      agents: { defaultId: 'agent-0', count: 40 },
      sessions: { count: 3 },
      runs: { active: 0 },
      readiness: { ready: true },
      providers: expect.any(Array),
      limits: [],
      port: { status: 'busy' },
      extraServices: [],
      errors: expect.any(Array),
    });
    expect(report.agents.agents).toHaveLength(40);
    expect(report.config.warnings.length).toBeGreaterThan(0);
  });

  it('says when it is refused', async () => {
    const ended = await run('status', '--token', 'wrong-token-of-somebody');
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /^DEGRADED: a gateway is there at .*unauthorized: gateway token mismatch.*\nNext: openclaw auth explain\n/,
    );
    expect(ended.stdout).toMatch(/^Gateway {2}local · \S+ · refused \(unauthorized/m);
    expect(ended.stdout).not.toContain('wrong-token-of-somebody');
  });
});
