import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from './processes.ts';
import { readTree } from './tree.ts';

/** One for each place in which a secret can be. */
const secrets = {
  token: 'tkn-gateway-0123456789abcdef',
  apiKey: 'key-of-a-provider-abcdef0123',
  header: 'header-value-zyxwvu98765',
  unknown: 'under-an-unknown-key-qwertz',
  comment: 'in-a-comment-asdfgh',
  urlPassword: 'url-password-yxcvbn',
  included: 'in-an-included-file-poiuzt',
  environment: 'in-the-environment-mnbvcx',
  envFile: 'in-the-env-file-lkjhgf',
  device: 'device-secret-of-this-gateway',
  hook: 'hook-token-0987654321',
};

async function homeWith(config: string): Promise<Home & { configPath: string; logFile: string }> {
  const home = await createHome();
  const logFile = join(home.dir, 'gateway.log');
  const configPath = join(home.stateDir, 'openclaw.json');
  await mkdir(home.stateDir, { mode: 0o700 });
  const put = (name: string, text: string) => writeFile(join(home.stateDir, name), text, { mode: 0o600 });
  await put('openclaw.json', config.replace('LOGFILE', logFile));
  await put(
    'models.json5',
    `{ providers: { y: { baseUrl: 'http://127.0.0.1:9', apiKey: '${secrets.included}', models: [] } } }`,
  );
  await put('.env', `SOMETHING=${secrets.envFile}\n`);
  await put('devices.secret', `${secrets.device}\n`);
  await put('gateway.out.log', `it began with ${secrets.apiKey}\n`);
  // Those that a program can know of: not what stands in a comment, or nowhere.
  const known = Object.values(secrets).filter(
    (secret) => secret !== secrets.comment && !(secret === secrets.unknown && !config.includes(secret)),
  );
  const lines = known.map((secret) => JSON.stringify({ message: `it said ${secret} aloud` }));
  await writeFile(logFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { ...home, configPath, logFile };
}

const sound = (port: number) => `{
  // ${secrets.comment}
  gateway: { mode: 'local', port: ${port}, auth: { token: '${secrets.token}' } },
  logging: { file: 'LOGFILE' },
  hooks: { enabled: true, token: '${secrets.hook}' },
  models: {
    $include: './models.json5',
    providers: {
      x: {
        baseUrl: 'http://ada:${secrets.urlPassword}@127.0.0.1:9/v1', api: 'openai-completions', apiKey: '${secrets.apiKey}',
        headers: { 'x-own': '${secrets.header}' }, models: [{ id: 'a' }],
      },
    },
  },
}`;

const env = { ANTHROPIC_API_KEY: secrets.environment };

async function unpack(path: string): Promise<Record<string, string>> {
  const files = unzipSync(await readFile(path));
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

describe('openclaw bugreport', () => {
  it('holds what is needed, and none of the secrets that were put everywhere', async () => {
    const port = await freePort();
    await using home = await homeWith(sound(port));
    await home.gateway(['--port', String(port)], { env });
    const { exitCode, stdout, stderr } = await home.run(['bugreport', '--yes', '--output', 'out.zip'], { env });
    expect(exitCode, stderr).toBe(0);
    const path = join(home.dir, 'out.zip');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const files = await unpack(path);
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining([
        'about.json',
        'here.json',
        'doctor.json',
        'gateway.json',
        'config/openclaw.json',
        'gateway.log',
      ]),
    );
    const everything = `${Object.entries(files).flat().join('\n')}${stdout}${stderr}`;
    for (const [place, secret] of Object.entries(secrets)) {
      expect(everything.includes(secret), `${place}: ${secret}`).toBe(false);
    }
    // What it is for is still there.
    expect(files['config/openclaw.json']).toContain(`port: ${port}`);
    expect(files['gateway.log']).toContain('it said');
    expect(JSON.parse(files['gateway.json'] ?? '')).toMatchObject({ reachable: true, connect: { ok: true } });
    expect(JSON.parse(files['doctor.json'] ?? '')).toMatchObject({ schemaVersion: 1 });
    expect(JSON.parse(files['about.json'] ?? '').variablesSet).toContain('ANTHROPIC_API_KEY');
  });

  it('leaves out a configuration that cannot be read, whose secrets nobody could find', async () => {
    await using home = await homeWith(
      `{ gateway: { auth: { token: '${secrets.token}' } }, odd: '${secrets.unknown}', `,
    );
    // A gateway that refuses says how to send it a token: that looks like one.
    await using other = await createHome();
    const { port } = await other.gateway();
    const more = { ...env, OPENCLAW_GATEWAY_PORT: String(port) };
    await home.run(['bugreport', '--yes', '--output', 'out.zip'], { env: more });
    const files = await unpack(join(home.dir, 'out.zip'));
    expect(Object.keys(files).filter((name) => name.startsWith('config/'))).toEqual([]);
    expect(JSON.parse(files['doctor.json'] ?? '').findings[0]).toMatchObject({ checkId: 'core/doctor/config-file' });
  });

  it('hides texts under keys that nobody knows', async () => {
    await using home = await homeWith(`{ gateway: { mode: 'local' }, odd: { deep: ['${secrets.unknown}'] } }`);
    await home.run(['bugreport', '--yes', '--output', 'out.zip']);
    const { 'config/openclaw.json': config, ...others } = await unpack(join(home.dir, 'out.zip'));
    expect(config).toContain('odd');
    expect(config).not.toContain(secrets.unknown);
    expect(JSON.stringify(others)).not.toContain(secrets.unknown);
  });

  it('lists what it would write, and writes nothing without a yes', async () => {
    await using home = await homeWith(sound(await freePort()));
    const before = await readTree(home.dir);
    const { exitCode, stdout, stderr } = await home.run(['bugreport']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/about\.json +\d+ bytes/);
    expect(stderr).toContain('--yes');
    const { stdout: json } = await home.run(['bugreport', '--json']);
    expect(JSON.parse(json)).toMatchObject({ schemaVersion: 1, ok: false, path: null });
    expect(await readTree(home.dir)).toEqual(before);
  });

  it('tells programs what it has written, and replaces no file', async () => {
    await using home = await homeWith(sound(await freePort()));
    const { stdout } = await home.run(['bugreport', '--yes', '--json']);
    const report = JSON.parse(stdout) as { ok: boolean; path: string; bytes: number; files: { name: string }[] };
    expect(report.ok).toBe(true);
    expect(report.path).toMatch(/openclaw-bugreport-[\dTZ-]+\.zip$/);
    expect(Object.keys(await unpack(report.path)).sort()).toEqual(report.files.map(({ name }) => name).sort());
    const again = await home.run(['bugreport', '--yes', '--output', report.path]);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('it is there already') });
    expect((await readdir(home.dir)).filter((name) => name.endsWith('.zip'))).toHaveLength(1);
  });
});
