import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, freePort } from './processes.ts';

describe('gateway --dev', { timeout: 60_000 }, () => {
  it('makes a configuration and a workspace of its own once, and --reset puts all of it aside', async () => {
    await using home = await createHome();
    const port = String(await freePort());
    const env = { OPENCLAW_STATE_DIR: '', OPENCLAW_GATEWAY_PORT: port };
    const folder = join(home.dir, '.openclaw-dev');
    const config = join(folder, 'openclaw.json');
    const run = async (...flags: string[]) => {
      const gateway = home.start(['gateway', '--dev', ...flags], { env });
      await gateway.sees(/ready on \S+ \(profile dev\)/);
      return gateway;
    };
    const first = await run();
    expect(first.stderr()).toContain(`made the configuration ${config}`);
    expect(await readFile(config, 'utf8')).toContain("gateway: { mode: 'local', bind: 'loopback' }");
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'workspace', 'main'))).toContain('IDENTITY.md');
    const token = await readFile(join(folder, 'gateway.token'), 'utf8');
    expect(await home.run(['--dev', 'sessions', 'create', 'agent:main:kept'], { env })).toMatchObject({ exitCode: 0 });

    const refused = await home.run(['gateway', '--dev', '--reset'], { env });
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('gateway already running') });
    first.process.kill('SIGTERM');
    await first.ended;

    await writeFile(config, `// mine\n${await readFile(config, 'utf8')}`);
    const second = await run();
    expect(second.stderr()).toBe('');
    expect(await readFile(config, 'utf8')).toContain('// mine');
    second.process.kill('SIGTERM');
    await second.ended;

    const third = await run('--reset');
    expect(await readFile(config, 'utf8')).not.toContain('// mine');
    expect(await readFile(join(folder, 'gateway.token'), 'utf8')).not.toBe(token);
    const list = await home.run(['--dev', 'sessions', 'list', '--json'], { env });
    expect(list.stdout).not.toContain('kept');
    const [aside = ''] = await readdir(join(folder, 'trash'));
    expect(await readFile(join(folder, 'trash', aside, 'openclaw.json'), 'utf8')).toContain('// mine');
    expect(await readFile(join(folder, 'trash', aside, 'gateway.token'), 'utf8')).toBe(token);
    expect(await readdir(home.dir)).not.toContain('.openclaw');
    third.process.kill('SIGTERM');
    await third.ended;
  });

  it('writes nothing with --allow-unconfigured', async () => {
    await using home = await createHome();
    const env = { OPENCLAW_STATE_DIR: '', OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const gateway = home.start(['--dev', 'gateway', '--allow-unconfigured'], { env });
    await gateway.sees(/Try next/);
    expect(await readdir(join(home.dir, '.openclaw-dev'))).not.toContain('openclaw.json');
  });

  it('is what --reset needs', async () => {
    await using home = await createHome();
    const ended = await home.run(['gateway', '--reset', '--allow-unconfigured']);
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--reset') });
    expect(await readdir(home.dir)).not.toContain('state');
  });
});
