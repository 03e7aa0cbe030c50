import { mkdir, writeFile } from 'node:fs/promises';
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
  expect(status.stdout).toContain(`\n- degraded secrets: ${owner}\nNext: openclaw secrets reload\n`);
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
  expect(renderTroubles({ configReload: {}, degradedSecretOwners: [] }, look)).toEqual([]);
  expect(
    renderTroubles(
      {
        configReload: { fault: { message: 'gateway.port: expected number' }, restartPending: ['gateway.bind'] },
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
