import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from '../processes.ts';

const config = {
  gateway: { mode: 'local' },
  channels: {
    telegram: { enabled: true, botToken: 'bot-token-of-the-operator' },
    discord: { accounts: { work: { token: 'work-token-of-the-operator' }, home: { enabled: false } } },
  },
};

describe('channels status', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
    await mkdir(home.stateDir);
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('shows what is configured when the gateway is down, and says so; exit code 0', async () => {
    const env = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const ended = await home.run(['channels', 'status'], { env });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /^Gateway not reachable: connect ECONNREFUSED .*\.\nThese lines are from the configuration alone: /,
    );
    expect(ended.stdout).toContain('- telegram default: configured, enabled, not running\n');
    expect(ended.stdout).toContain('- discord work: configured, enabled, not running\n');
    expect(ended.stdout).toContain('- discord home: configured, disabled, not running\n');
    expect(ended.stdout).toContain('runs no channels');
    const json = await home.run(['channels', 'status', '--probe', '--channel', 'discord', '--json'], { env });
    expect(JSON.parse(json.stdout)).toMatchObject({
      schemaVersion: 1,
      gatewayReachable: false,
      configOnly: true,
      channelOrder: ['discord'],
      channels: { discord: { configured: true, running: false } },
      channelAccounts: {
        discord: [
          { accountId: 'work', enabled: true, running: false, lifecycle: 'unsupported', probe: { ok: false } },
          { accountId: 'home', enabled: false, lifecycle: 'disabled' },
        ],
      },
      channelDefaultAccountId: { discord: 'work' },
    });
    expect(ended.stdout + json.stdout).not.toContain('of-the-operator');
  });

  it('asks a gateway that runs what it runs with, and tells when it refuses', async () => {
    // Written before it starts: it would take an edit, and be away for the moment of a restart.
    await mkdir(home.stateDir, { recursive: true, mode: 0o700 });
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local' } }));
    const gateway = await home.gateway();
    const ended = await home.run(['channels', 'status', '--probe']);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^Gateway reachable\.\n/);
    const refused = await home.run(['channels', 'status', '--token', 'wrong-token']);
    expect(refused).toMatchObject({ exitCode: 0, stderr: '' });
    expect(refused.stdout).toMatch(
      /^Gateway reachable\.\nIt did not tell: unauthorized: .*from the configuration alone/,
    );
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });
});
