import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../cli/doctor/check.ts';
import { linger, severalServices, unitDrift } from '../../cli/doctor/checks/supervised.ts';
import type { DoctorContext } from '../../cli/doctor/context.ts';
import type { Description } from '../../cli/service/service.ts';
import { scratch } from '../scratch.ts';

/** A context with a service as the supervisor would describe it. */
function contextWith(home: string, described: Partial<Description>) {
  const installed: unknown[] = [];
  const description = {
    loaded: true,
    enabled: true,
    runtime: { status: 'running' },
    command: ['node', 'openclaw.mjs', 'gateway'],
    unitPath: join(home, '.config', 'systemd', 'user', 'openclaw-gateway.service'),
    drift: [],
    ...described,
  };
  const service = {
    kind: 'systemd',
    label: 'systemd user',
    install: async (secrets: unknown) => [String(installed.push(secrets))],
  };
  const context = {
    command: 'openclaw',
    shell: { env: { HOME: home, PATH: `${home}:${process.env.PATH}` } },
    here: { port: 18_789, paths: { stateDir: home, configPath: join(home, 'openclaw.json') } },
    service: async () => ({ service, description }),
  } as unknown as DoctorContext;
  return { context, installed };
}

const run = (check: Check, context: DoctorContext) => check.run(context);

describe('the checks of what a supervisor runs', () => {
  it('find a unit that differs, another port, and a secret in the unit; --fix installs it anew', async () => {
    await using home = await scratch();
    const drift = [
      'RestartSec is 1, now it would be 5',
      'Environment.OPENAI_API_KEY holds a secret, which everybody may read',
    ];
    const { context, installed } = contextWith(home.path, { drift, port: 19_999 });
    const found = await run(unitDrift, context);
    expect(found.map(({ severity }) => severity)).toEqual(['error', 'warning', 'error']);
    expect(found[0]?.message).toContain('port 19999');
    const [remedy] = found.map((one) => one.remedy);
    expect(remedy).toMatchObject({ kind: 'action', what: expect.stringContaining('gateway install') });
    if (remedy?.kind === 'action') await remedy.run();
    expect(installed).toHaveLength(1);
    expect(await run(unitDrift, contextWith(home.path, { port: 18_789 }).context)).toEqual([]);
    expect(await run(unitDrift, contextWith(home.path, { command: undefined, drift }).context)).toEqual([]);
  });

  it('find other units that start a gateway, and say which has the same port', async () => {
    await using home = await scratch();
    const folder = join(home.path, '.config', 'systemd', 'user');
    await mkdir(folder, { recursive: true });
    const unit = (port: number) =>
      `[Service]\nExecStart=/usr/bin/node /opt/openclaw/dist/openclaw.mjs gateway --port ${port}\n`;
    await writeFile(join(folder, 'openclaw-gateway.service'), unit(18_789));
    await writeFile(join(folder, 'openclaw-gateway-work.service'), unit(18_790));
    await writeFile(join(folder, 'old-openclaw.service'), unit(18_789));
    await writeFile(join(folder, 'other.service'), '[Service]\nExecStart=/usr/bin/other\n');
    const found = await run(severalServices, contextWith(home.path, {}).context);
    const own = found.filter(({ path }) => path?.startsWith(home.path));
    expect(own.map(({ severity, path }) => `${severity} ${path?.split('/').at(-1)}`).sort()).toEqual([
      'info openclaw-gateway-work.service',
      'warning old-openclaw.service',
    ]);
    expect(own.find(({ severity }) => severity === 'warning')?.fixHint).toContain(
      'systemctl --user disable --now old-openclaw.service',
    );
  });

  it.each([
    ['no', 1],
    ['yes', 0],
  ])('ask whether the account lingers: %s', async (answer, count) => {
    await using home = await scratch();
    const program = join(home.path, 'loginctl');
    await writeFile(program, `#!/bin/sh\necho Linger=${answer}\n`);
    await chmod(program, 0o755);
    const found = await run(linger, contextWith(home.path, {}).context);
    expect(found).toHaveLength(count);
    if (count) expect(found[0]?.fixHint).toMatch(/^sudo loginctl enable-linger \S+$/);
  });
});
