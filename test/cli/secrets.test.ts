import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from './processes.ts';

const key = 'key-from-a-program-0123456789';

/** A home whose gateway asks a program for a key; `put` says what the program answers from now on. */
async function openHome(config: object = {}): Promise<Home & { put(body: string): Promise<void>; log: string }> {
  const home = await createHome();
  const at = (name: string) => join(home.dir, name);
  await mkdir(home.stateDir, { mode: 0o700 });
  const put = async (body: string) => {
    await writeFile(at('reader'), `#!/bin/sh\n${body}\n`, { mode: 0o700 });
  };
  await put(answer({ values: { key } }));
  const file = {
    gateway: { mode: 'local' },
    secrets: { providers: { vault: { source: 'exec', command: at('reader'), passEnv: ['PATH'] } } },
    models: {
      providers: {
        up: {
          baseUrl: 'http://127.0.0.1:1/v1',
          api: 'openai-completions',
          apiKey: ref('key'),
          models: [{ id: 'one' }],
        },
      },
    },
    agents: { defaults: { model: 'up/one' } },
    logging: { file: at('gateway.log') },
    ...config,
  };
  await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(file), { mode: 0o600 });
  return { ...home, put, log: at('gateway.log'), [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
}

const ref = (id: string) => ({ source: 'exec', provider: 'vault', id });
const answer = (content: object) => `cat >/dev/null; echo '${JSON.stringify({ protocolVersion: 1, ...content })}'`;
const countOf = (text: string, part: string) => text.split(part).length - 1;

describe('the start of a gateway', { timeout: 60_000 }, () => {
  it.each([
    ['hangs', 'sleep 600', /gave no answer within 400 ms/],
    ['fails', `echo ${key}; echo ${key} >&2; exit 3`, /ended with exit code 3/],
    [
      'does not know it',
      answer({ values: {}, errors: { key: { code: 'NOT_FOUND' } } }),
      /the error NOT_FOUND for the id key/,
    ],
  ])('is refused with 78 when the program that keeps its own token %s, and names the key', async (_, body, reason) => {
    await using home = await openHome();
    const path = join(home.stateDir, 'openclaw.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.gateway.auth = { token: ref('key') };
    file.secrets.providers.vault.timeoutMs = 400;
    await writeFile(path, JSON.stringify(file));
    await home.put(body);
    const { exitCode, stdout, stderr } = await home.run(['gateway', '--port', '1']);
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/required secrets are unavailable: gateway\.auth\.token is the reference/);
    expect(stderr).toMatch(reason);
    expect(stdout + stderr).not.toContain(key);
  });

  it('goes on without the secret of a model, which says that it is not there', async () => {
    await using home = await openHome();
    await home.put('exit 1');
    const gateway = await home.gateway();
    expect(await readFile(home.log, 'utf8')).toMatch(
      /config: models\.providers\.up\.apiKey: not read: .*exit code 1; the secret is not available \(model provider \\"up\\" is cold\)/,
    );
    const asked = await home.run(['agent', '--message', 'Hello']);
    expect(asked.exitCode).not.toBe(0);
    expect(asked.stdout + asked.stderr).toMatch(/models\.providers\.up\.apiKey .*SECRET_SURFACE_UNAVAILABLE/);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('does not ask for secrets of what is switched off', async () => {
    await using home = await openHome({ hooks: { enabled: false, token: ref('other') }, models: {}, agents: {} });
    await home.put('echo asked >> "$(dirname "$0")/asked"; exit 1');
    const gateway = await home.gateway();
    expect(await readFile(join(home.dir, 'asked'), 'utf8').catch(() => 'never')).toBe('never');
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });
});

describe('openclaw secrets reload', { timeout: 60_000 }, () => {
  it('reads all again, keeps what fails, and tells the log once when it goes and when it is back', async () => {
    await using home = await openHome();
    const gateway = await home.gateway();
    const reload = async (...flags: string[]) => home.run(['secrets', 'reload', ...flags]);
    expect(await reload()).toMatchObject({ exitCode: 0, stdout: 'Secrets reloaded.\n' });
    expect(JSON.parse((await reload('--json')).stdout)).toEqual({ ok: true, warningCount: 0 });
    await home.put(`echo ${key}; exit 1`);
    for (let again = 0; again < 2; again++)
      expect(JSON.parse((await reload('--json')).stdout)).toEqual({ ok: true, warningCount: 1 });
    const failed = await home.run(['agent', '--message', 'Hello']);
    expect(failed.stdout + failed.stderr).not.toContain('cold');
    await home.put(answer({ values: { key } }));
    expect(JSON.parse((await reload('--json')).stdout)).toEqual({ ok: true, warningCount: 0 });
    const log = await readFile(home.log, 'utf8');
    expect(countOf(log, 'SECRETS_RELOADER_DEGRADED')).toBe(1);
    expect(countOf(log, 'SECRETS_RELOADER_RECOVERED')).toBe(1);
    expect(log).toMatch(/model provider \\"up\\" is stale/);
    expect(log + gateway.stdout()).not.toContain(key);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('has what was read before also after a restart in the process, when nothing can be read any more', async () => {
    await using home = await openHome();
    const path = join(home.stateDir, 'openclaw.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.gateway.auth = { token: ref('token') };
    await writeFile(path, JSON.stringify(file));
    const token = 'token-from-a-program-0123456789';
    const good = answer({ values: { key, token } });
    await home.put(good);
    const gateway = await home.gateway([], { env: { OPENCLAW_NO_RESPAWN: '1' } });
    await home.put('exit 1');
    gateway.process.kill('SIGUSR2');
    await gateway.sees(/value that was read before stays in use \(model provider "up" is stale\)[\s\S]* ready\n/);
    const health = await home.run(['health', '--token', token]);
    expect(health.exitCode).toBe(0);
    expect(gateway.stdout()).not.toContain('cold');
    await home.put(good);
    expect((await home.run(['secrets', 'reload', '--token', token])).stdout).toBe('Secrets reloaded.\n');
    expect(await readFile(home.log, 'utf8')).toContain('SECRETS_RELOADER_RECOVERED');
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('changes nothing when the gateway could not start with what was read', async () => {
    await using home = await openHome({ gateway: { mode: 'local', auth: { token: 'the-token-of-the-gateway' } } });
    const path = join(home.stateDir, 'openclaw.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...file, hooks: { enabled: true, token: ref('key') } }));
    const gateway = await home.gateway();
    await home.put(answer({ values: { key: 'the-token-of-the-gateway' } }));
    const refused = await home.run(['secrets', 'reload']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("hooks.token is the gateway's own secret");
    await home.put(answer({ values: { key } }));
    expect((await home.run(['secrets', 'reload'])).exitCode).toBe(0);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('is what reads them, and no request does', async () => {
    await using home = await openHome();
    await home.put(`echo asked >> "$(dirname "$0")/asked"; ${answer({ values: { key } })}`);
    const gateway = await home.gateway();
    const asked = async () => countOf(await readFile(join(home.dir, 'asked'), 'utf8'), 'asked');
    expect(await asked()).toBe(1);
    for (const command of ['config get', 'health', 'status', 'gateway status', 'models list', 'agent --message Hello'])
      await home.run(command.split(' '));
    expect(await asked()).toBe(1);
    await home.run(['secrets', 'reload']);
    expect(await asked()).toBe(2);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
  });

  it('ends with 1 when there is no gateway', async () => {
    await using home = await openHome();
    // Whoever runs the tests may have a gateway on the usual port.
    const env = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const { exitCode, stdout, stderr } = await home.run(['secrets', 'reload'], { env });
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no gateway answers');
  });
});

describe('openclaw secrets audit', { timeout: 60_000 }, () => {
  const audit = async (home: Home, ...flags: string[]) => {
    const { exitCode, stdout } = await home.run(['secrets', 'audit', '--json', ...flags]);
    return { exitCode, ...JSON.parse(stdout) };
  };

  it('finds nothing where all is well, and says what it did not try', async () => {
    await using home = await openHome();
    expect(await audit(home, '--check')).toMatchObject({
      exitCode: 0,
      schemaVersion: 1,
      status: 'clean',
      resolution: { refsChecked: 1, skippedExecRefs: 1, resolvabilityComplete: false },
      summary: { plaintextCount: 0, unresolvedRefCount: 0, fileModeCount: 0 },
      findings: [],
    });
    expect(await audit(home, '--check', '--allow-exec')).toMatchObject({
      exitCode: 0,
      resolution: { refsChecked: 1, skippedExecRefs: 0, resolvabilityComplete: true },
    });
  });

  it('ends with 2 for what cannot be read, with and without --check', async () => {
    await using home = await openHome();
    await home.put('exit 1');
    expect(await audit(home)).toMatchObject({ exitCode: 0, status: 'clean' });
    const unresolved = { code: 'REF_UNRESOLVED', path: 'models.providers.up.apiKey', line: 1 };
    expect(await audit(home, '--allow-exec')).toMatchObject({
      exitCode: 2,
      status: 'unresolved',
      findings: [unresolved],
    });
    await chmod(join(home.dir, 'reader'), 0o777);
    const findings = [{ ...unresolved, message: expect.stringContaining('can be written by others') }];
    expect(await audit(home, '--check')).toMatchObject({ exitCode: 2, findings });
  });

  it('ends with 1 for secrets in the open and files that others can read, and tells none of them', async () => {
    const headers = { 'x-app': 'not-a-secret', authorization: 'Bearer in-the-open-0123' };
    await using home = await openHome({ models: { providers: { up: { apiKey: 'in-the-open-0123', headers } } } });
    await writeFile(join(home.stateDir, '.env'), '# mine\nMODE=in-the-open-0123\nOPENAI_API_KEY=in-the-open-0123\n');
    await chmod(join(home.stateDir, '.env'), 0o644);
    await chmod(join(home.stateDir, 'openclaw.json'), 0o640);
    expect((await audit(home)).exitCode).toBe(0);
    const found = await audit(home, '--check');
    expect(found).toMatchObject({
      exitCode: 1,
      status: 'findings',
      summary: { plaintextCount: 3, unresolvedRefCount: 0, fileModeCount: 2 },
    });
    expect(found.findings.map(({ code, path, line }: Record<string, unknown>) => [code, path, line])).toEqual([
      ['PLAINTEXT_FOUND', 'models.providers.up.apiKey', 1],
      ['PLAINTEXT_FOUND', 'models.providers.up.headers.authorization', 1],
      ['PLAINTEXT_FOUND', 'OPENAI_API_KEY', 3],
      ['FILE_MODE', undefined, undefined],
      ['FILE_MODE', undefined, undefined],
    ]);
    const { stdout, stderr } = await home.run(['secrets', 'audit']);
    expect(stdout).toContain('Found: 3 in the open, 0 of 0 references cannot be read, 2 open to others.');
    expect(JSON.stringify(found) + stdout + stderr).not.toContain('in-the-open');
  });

  it('ends with 78 for a configuration that cannot be read', async () => {
    await using home = await openHome();
    await writeFile(join(home.stateDir, 'openclaw.json'), '{ nonsense');
    expect((await home.run(['secrets', 'audit'])).exitCode).toBe(78);
  });
});

describe('a secret on the command line', () => {
  it.each([['ws://me:hush-hush-0123@127.0.0.1:9/x?token=hush-hush-0123'], ['ws://127.0.0.1:9/hush-hush-0123']])(
    'does not come back in a failure: %s',
    async (url) => {
      await using home = await createHome();
      for (const flags of [[], ['--json']])
        for (const command of [['health'], ['gateway', 'status'], ['gateway', 'probe'], ['hush-hush-0123']]) {
          const { stdout, stderr } = await home.run([...command, '--url', url, '--token', 'hush-hush-0123', ...flags]);
          expect(stdout + stderr).not.toContain('hush-hush');
          expect(stdout + stderr).not.toBe('');
        }
    },
  );
});
