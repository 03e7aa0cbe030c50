import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plain } from '../../../cli/render/paint.ts';
import { renderTroubles } from '../../../cli/render/troubles.ts';
import { createHome } from '../processes.ts';

it('tells of a secret that cannot be read: in status, in gateway status and in health', async () => {
  await using home = await createHome();
  await mkdir(home.stateDir);
  const apiKey = { source: 'env', provider: 'default', id: 'A_KEY_THAT_NOBODY_HAS_SET' };
  const up = {
    baseUrl: 'http://127.0.0.1:1/v1',
    api: 'openai-completions',
    apiKey,
    models: [{ id: 'one', name: 'One' }],
  };
  const config = { gateway: { mode: 'local' }, models: { providers: { up } } };
  await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
  const env = { XDG_RUNTIME_DIR: join(home.dir, 'none') };
  await home.gateway([], { env });
  const owner = 'models.providers.up';
  const status = await home.run(['status'], { env });
  expect(status.stdout).toMatch(/^DEGRADED: the gateway answers at /);
  expect(status.stdout).toMatch(
    /^- degraded secrets: models\.providers\.up\.apiKey \(cold: .+\)\nNext: openclaw secrets reload$/m,
  );
  expect(JSON.parse((await home.run(['status', '--json'], { env })).stdout)).toMatchObject({
    verdict: { level: 'degraded', next: 'openclaw secrets reload' },
    degradedSecretOwners: [owner],
    degradedSecrets: [{ owner, path: `${owner}.apiKey`, state: 'cold', reason: expect.stringContaining('A_KEY') }],
  });
  const gatewayStatus = await home.run(['gateway', 'status'], { env });
  expect(gatewayStatus.stdout).toMatch(/^Degraded secrets: models\.providers\.up\.apiKey \(cold: .+\)$/m);
  expect((await home.run(['health'])).stdout).toContain(`Degraded secrets: ${owner}\n`);
  expect(JSON.parse((await home.run(['health', '--json'])).stdout)).toMatchObject({ degradedSecretOwners: [owner] });
});

it('has a line for each trouble, and none without', () => {
  const look = { paint: plain };
  expect(renderTroubles({}, look)).toEqual([]);
  expect(renderTroubles({ configReload: { hotReloadStatus: 'active' }, degradedSecretOwners: [] }, look)).toEqual([]);
  expect(
    renderTroubles(
      {
        configReload: {
          hotReloadStatus: 'active',
          fault: { ts: 0, message: 'gateway.port: expected number' },
          restartPending: ['gateway.bind'],
        },
        degradedSecretOwners: ['gateway.auth'],
      },
      look,
    ),
  ).toEqual([
    'Config reload: skipped, the last good one is in effect: gateway.port: expected number',
    'Config: a restart is needed for gateway.bind',
    'Degraded secrets: gateway.auth',
  ]);
});

it('tells of an edit that is not in effect: one that is broken, and one that waits for a restart', async () => {
  await using home = await createHome();
  await mkdir(home.stateDir);
  const path = join(home.stateDir, 'openclaw.json');
  const env = { XDG_RUNTIME_DIR: join(home.dir, 'none') };
  const write = (gateway: object) =>
    writeFile(path, JSON.stringify({ gateway: { mode: 'local', reload: { mode: 'hot' }, ...gateway } }));
  await write({});
  const gateway = await home.gateway([], { env });
  const statusOf = async () => JSON.parse((await home.run(['status', '--json'], { env })).stdout);
  await write({ customBindHost: '127.0.0.2' });
  await gateway.sees(/config change requires gateway restart/);
  await write({ port: 'seven' });
  await gateway.sees(/config reload skipped \(invalid config\)/);
  const status = await home.run(['status'], { env });
  expect(status.stdout).toMatch(/^DEGRADED: the gateway answers at /);
  expect(status.stdout).toMatch(/^- the configuration file is not in effect, the last good one is: .*gateway\.port: /m);
  expect(status.stdout).toMatch(/^- a restart is needed for gateway\.customBindHost$/m);
  expect(status.stdout).toMatch(/^Next: openclaw config validate$/m);
  // Said once.
  expect(status.stdout.match(/gateway\.port: /g)).toHaveLength(1);
  expect(await statusOf()).toMatchObject({
    verdict: { level: 'degraded' },
    config: { valid: false },
    configReload: { fault: { message: expect.any(String) }, restartPending: ['gateway.customBindHost'] },
  });
  for (const command of ['health', 'gateway status']) {
    const { stdout } = await home.run(command.split(' '), { env });
    expect(stdout).toMatch(/^Config reload: skipped, the last good one is in effect: .*gateway\.port: /m);
    expect(stdout).toMatch(/^Config: a restart is needed for gateway\.customBindHost$/m);
    const told = JSON.parse((await home.run([...command.split(' '), '--json'], { env })).stdout);
    expect(told.configReload).toMatchObject({ restartPending: ['gateway.customBindHost'] });
  }
  await write({});
  await expect.poll(statusOf, { timeout: 15_000 }).toMatchObject({ verdict: { level: 'ok' } });
});

it('follows a program that keeps a secret: cold, read, then stale; the doctor sees it, too', async () => {
  await using home = await createHome();
  await mkdir(home.stateDir, { mode: 0o700 });
  const down = join(home.dir, 'vault-is-down');
  const command = join(home.dir, 'vault.sh');
  const values = JSON.stringify({ protocolVersion: 1, values: { k: 'the-secret-of-the-vault' } });
  await writeFile(command, `#!/bin/sh\ncat >/dev/null\n[ -e '${down}' ] && exit 3\necho '${values}'\n`, {
    mode: 0o700,
  });
  const provider = {
    baseUrl: 'http://127.0.0.1:1/v1',
    api: 'openai-completions',
    apiKey: { source: 'exec', provider: 'vault', id: 'k' },
    models: [{ id: 'one', name: 'One' }],
  };
  const config = {
    gateway: { mode: 'local' },
    secrets: { providers: { vault: { source: 'exec', command } } },
    models: { providers: { up: provider } },
  };
  await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config), { mode: 0o600 });
  const env = { XDG_RUNTIME_DIR: join(home.dir, 'none') };
  const run = async (line: string) => (await home.run(line.split(' '), { env })).stdout;
  const isDegraded = async (state: string) => {
    const where = `models.providers.up.apiKey (${state}: secrets.providers.vault.command (${command}) ended with exit code 3)`;
    expect(await run('gateway status')).toContain(`\nDegraded secrets: ${where}\n`);
    expect(await run('status')).toContain(`\n- degraded secrets: ${where}\nNext: openclaw secrets reload\n`);
    expect(await run('health')).toContain('Degraded secrets: models.providers.up\n');
    const { findings } = JSON.parse(await run('doctor --json --only core/doctor/secrets'));
    expect(findings.map(({ path }: { path: string }) => path)).toEqual([
      'models.providers.up.apiKey',
      'models.providers.up',
    ]);
  };
  await writeFile(down, '');
  await home.gateway([], { env });
  await isDegraded('cold');
  await rm(down);
  expect(await run('secrets reload')).toBe('Secrets reloaded.\n');
  expect(await run('status')).toMatch(/^OK: /);
  expect(await run('gateway status')).not.toContain('Degraded');
  await writeFile(down, '');
  expect(await run('secrets reload')).toMatch(/^Secrets reloaded\.\n1 could not be read and stays as before/);
  await isDegraded('stale');
});
