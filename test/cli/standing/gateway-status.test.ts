import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../needs.ts';
import { commandLine, jsonOf } from '../../service/command-line.ts';
import { startUserManager } from '../../service/user-manager.ts';
import { findFreePort } from '../../whole/process.ts';
import { createHome, freePort, type Home } from '../processes.ts';

const lsof = findProgram('lsof', 'who listens on the port of a gateway');
const manager = await startUserManager();
afterAll(() => manager?.[Symbol.asyncDispose]());

/** No user manager of this machine must get into a test. */
const noSupervisor = (home: Home) => ({ XDG_RUNTIME_DIR: join(home.dir, 'no-runtime') });

async function withHome(test: (home: Home, env: NodeJS.ProcessEnv) => Promise<void>) {
  await using home = await createHome();
  await test(home, noSupervisor(home));
}

describe('gateway status', () => {
  it('tells what is known when nothing runs; exit code 0, and 1 for who needs a gateway', () =>
    withHome(async (home, none) => {
      const env = { ...none, OPENCLAW_GATEWAY_PORT: String(await freePort()) };
      const ended = await home.run(['gateway', 'status'], { env });
      expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
      const { stdout } = ended;
      expect(stdout).toMatch(
        /^Gateway status · profile default\nService: none \(.+\)\nConfig \(cli\): \S+openclaw\.json \(missing\)\n/,
      );
      expect(stdout).toContain(
        `Gateway: bind=loopback (127.0.0.1), port=${env.OPENCLAW_GATEWAY_PORT} (OPENCLAW_GATEWAY_PORT)\n`,
      );
      expect(stdout).toMatch(/^Runtime: stopped$/m);
      expect(stdout).toMatch(/^RPC probe: failed\n {2}connect ECONNREFUSED/m);
      expect(stdout).toMatch(/^File logs: \S+\.log$/m);
      expect(stdout).toMatch(/^Next: openclaw gateway/m);
      const required = await home.run(['gateway', 'status', '--require-rpc', '--json'], { env });
      expect(required).toMatchObject({ exitCode: 1, stderr: '' });
      expect(JSON.parse(required.stdout)).toMatchObject({
        schemaVersion: 1,
        profile: null,
        service: { installed: false, loaded: false, command: null, runtime: { status: 'stopped', pid: null } },
        config: { cli: { exists: false, valid: true }, daemon: null },
        gateway: { bindMode: 'loopback', bindHost: '127.0.0.1', portSource: 'OPENCLAW_GATEWAY_PORT', version: null },
        port: { status: 'free', listeners: [] },
        rpc: { ok: false, capability: 'unknown', auth: null, server: null, error: { code: 'UNREACHABLE' } },
        extraServices: [],
      });
    }));

  it('tells of one in the foreground, and of what is left of one that was killed', () =>
    withHome(async (home, env) => {
      const gateway = await home.gateway([], { env });
      const { pid } = gateway.process;
      const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
      const ended = await home.run(['gateway', 'status', '--require-rpc'], { env });
      expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ended.stdout).toMatch(new RegExp(`^Runtime: running \\(pid ${pid}, foreground\\)$`, 'm'));
      expect(ended.stdout).toMatch(/^RPC probe: ok$/m);
      if (lsof)
        expect(ended.stdout).toMatch(
          new RegExp(`^Listening: 127\\.0\\.0\\.1:${gateway.port} \\(pid ${pid} \\S+: openclaw-gateway\\)$`, 'm'),
        );
      const json = await home.run(['gateway', 'status', '--deep', '--json'], { env });
      expect(json.stdout + ended.stdout).not.toContain(token);
      expect(JSON.parse(json.stdout)).toMatchObject({
        service: { runtime: { status: 'running', pid, kind: 'foreground' } },
        gateway: { port: gateway.port, portSource: join(home.stateDir, 'gateway.json'), probeUrl: gateway.url },
        port: { port: gateway.port, status: 'busy', ...(lsof && { listeners: [{ pid }] }) },
        rpc: { ok: true, url: gateway.url, capability: 'admin_capable', auth: { role: 'operator' } },
        readiness: { ready: true },
        drift: [],
      });
      const { version } = JSON.parse(json.stdout).gateway;
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      gateway.process.kill('SIGKILL');
      await gateway.ended;
      const after = await home.run(['gateway', 'status'], {
        env: { ...env, OPENCLAW_GATEWAY_PORT: String(gateway.port) },
      });
      expect(after.stdout).toMatch(
        new RegExp(`^Runtime: stopped \\(the last one, pid ${pid}, ended without a goodbye\\)$`, 'm'),
      );
    }));

  it('tells of one that was started without a supervisor', () =>
    withHome(async (home, env) => {
      const port = String(await freePort());
      const started = await home.run(['gateway', 'start', '--detach', '--allow-unconfigured', '--port', port], { env });
      expect(started, started.stderr).toMatchObject({ exitCode: 0 });
      try {
        const { stdout } = await home.run(['gateway', 'status'], { env });
        expect(stdout).toMatch(/^Runtime: running \(pid \d+, detached, no supervisor\)$/m);
        expect(stdout).toMatch(/^RPC probe: ok$/m);
      } finally {
        await home.run(['gateway', 'stop'], { env });
      }
      expect((await home.run(['gateway', 'status'], { env })).stdout).toMatch(/^Runtime: stopped/m);
    }));

  it('works with a configuration that is invalid, and says where', () =>
    withHome(async (home, env) => {
      await mkdir(home.stateDir);
      const path = join(home.stateDir, 'openclaw.json');
      await writeFile(path, `{ gateway: { mode: 'local', port: ${await freePort()}, nonsense: 1 } }`);
      const { stdout, exitCode } = await home.run(['gateway', 'status'], { env });
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Config (cli): ${path} (invalid)\n  ${path}:1 — gateway.nonsense: `);
      expect(stdout).toMatch(/^Next: openclaw doctor$/m);
      const { config } = JSON.parse((await home.run(['gateway', 'status', '--json'], { env })).stdout);
      expect(config.cli).toMatchObject({
        path,
        exists: true,
        valid: false,
        issues: [{ path: 'gateway.nonsense', line: 1 }],
      });
    }));

  it('looks at the port that is named, with the credentials of this machine', () =>
    withHome(async (home, env) => {
      const gateway = await home.gateway([], { env });
      const dead = await freePort();
      const there = await home.run(['gateway', 'status', '--port', String(gateway.port)], { env });
      expect(there.stdout).toMatch(new RegExp(`port=${gateway.port} \\(--port\\)\n[\\s\\S]*^RPC probe: ok$`, 'm'));
      const none = await home.run(['gateway', 'status', '--port', String(dead), '--require-rpc'], { env });
      expect(none.exitCode).toBe(1);
      expect(none.stdout).toMatch(/^RPC probe: failed$/m);
      const refused = await home.run(['gateway', 'status', '--token', 'wrong-token-of-somebody', '--require-rpc'], {
        env,
      });
      expect(refused.exitCode).toBe(1);
      expect(refused.stdout).toMatch(/^RPC probe: failed\n {2}unauthorized: gateway token mismatch/m);
      expect(refused.stdout).toMatch(/^Next: openclaw auth explain$/m);
    }));

  it('asks nobody with --no-probe', () =>
    withHome(async (home, env) => {
      const ended = await home.run(['gateway', 'status', '--no-probe'], { env });
      expect(ended.stdout).toMatch(/^RPC probe: skipped \(--no-probe\)$/m);
      const { rpc } = JSON.parse((await home.run(['gateway', 'status', '--no-probe', '--json'], { env })).stdout);
      expect(rpc).toMatchObject({ ok: false, skipped: true });
    }));

  it.skipIf(process.platform === 'win32')(
    'finds other services that start a gateway, and its profile in the header',
    () =>
      withHome(async (home, env) => {
        const folder = process.platform === 'darwin' ? 'Library/LaunchAgents' : '.config/systemd/user';
        await mkdir(join(home.dir, folder), { recursive: true });
        const plist =
          '<key>ProgramArguments</key><array><string>openclaw</string><string>gateway</string><string>--port</string><string>19123</string></array>';
        const unit = '[Service]\nExecStart=/usr/bin/node /opt/openclaw.mjs gateway --port 19123\n';
        const path = join(home.dir, folder, process.platform === 'darwin' ? 'other.plist' : 'other.service');
        await writeFile(path, process.platform === 'darwin' ? plist : unit);
        await writeFile(join(home.dir, folder, 'unrelated.service'), '[Service]\nExecStart=/usr/bin/gateway\n');
        const ended = await home.run(['--profile', 'work', 'gateway', 'status', '--json'], { env });
        expect(JSON.parse(ended.stdout)).toMatchObject({
          profile: 'work',
          extraServices: [{ scope: 'user', path, port: 19_123 }],
        });
        const text = await home.run(['--profile', 'work', 'gateway', 'status'], { env });
        expect(text.stdout).toMatch(/^Gateway status · profile work\n/);
        expect(text.stdout).toContain(`Other gateway service: `);
      }),
  );

  it.each([
    [['--require-rpc', '--no-probe'], 'leave one out'],
    [['--port', '0'], '--port "0" is no port'],
    [['--port', '1', '--url', 'ws://127.0.0.1:1'], 'leave one out'],
  ])('%j is bad usage', (args, words) =>
    withHome(async (home) => {
      const ended = await home.run(['gateway', 'status', ...args]);
      expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ended.stderr).toContain(words);
    }),
  );
});

describe.skipIf(!manager)('gateway status under systemd', () => {
  it('tells what the supervisor says, and compares the configurations', async () => {
    const { home = '', env = {} } = manager ?? {};
    const openclaw = commandLine(env, home);
    await mkdir(join(home, '.openclaw'), { mode: 0o700 });
    const port = await findFreePort();
    const configPath = join(home, '.openclaw', 'openclaw.json');
    await writeFile(configPath, JSON.stringify({ gateway: { mode: 'local', port } }));
    const before = await openclaw('gateway', 'status');
    expect(before.stdout).toMatch(/^Service: systemd user \(not installed\)$/m);
    const installed = await openclaw('gateway', 'install');
    expect(installed, installed.stderr).toMatchObject({ exitCode: 0 });
    const running = await openclaw('gateway', 'status', '--require-rpc');
    expect(running, running.stdout).toMatchObject({ exitCode: 0 });
    expect(running.stdout).toMatch(/^Service: systemd user \(enabled\)$/m);
    expect(running.stdout).toContain(`Config (cli): ${configPath}\nConfig (service): ${configPath}\n`);
    expect(running.stdout).toMatch(/^Runtime: running \(pid \d+, state active, sub running[^)]*\)$/m);
    expect(running.stdout).toMatch(/^RPC probe: ok$/m);
    expect(jsonOf(await openclaw('gateway', 'status', '--json'))).toMatchObject({
      service: {
        kind: 'systemd',
        label: 'systemd user',
        loaded: true,
        enabled: true,
        port,
        command: expect.arrayContaining(['gateway']),
        runtime: { status: 'running', kind: 'service', pid: expect.any(Number), state: 'active', substate: 'running' },
      },
      config: { cli: { path: configPath }, daemon: { path: configPath, exists: true, valid: true } },
      extraServices: [],
    });
    const status = await openclaw('status');
    expect(status.stdout).toMatch(/^OK: /);
    expect(status.stdout).toMatch(/^Service {2}systemd user · enabled · running \(pid \d+, state active/m);
    await openclaw('gateway', 'stop');
    const stopped = await openclaw('gateway', 'status');
    expect(stopped.stdout).toMatch(/^Runtime: stopped \(state inactive, sub dead[^)]*\)$/m);
    expect(stopped.stdout).toMatch(/^Next: openclaw gateway start$/m);
    expect((await openclaw('gateway', 'uninstall')).exitCode).toBe(0);
  });
});
