import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDevice } from '../auth/device.ts';
import { authOf, connectDevice, refusalOf } from '../device-client.ts';
import { begin, startUpstream } from '../upstream.ts';
import { withUpstream } from '../whole/process.ts';
import { putFakeProgram } from './fake-program.ts';
import { createHome, freePort, type Home } from './processes.ts';

let home: Home;
beforeEach(async () => {
  home = await createHome();
  await mkdir(home.stateDir, { recursive: true });
});
afterEach(() => home[Symbol.asyncDispose]());
const configure = (gateway: object) =>
  writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify({ gateway: { mode: 'local', ...gateway } }));

/** As the real one behaves in the foreground: it shows the address, and keeps it until it is ended; or the test is over. */
const working = `
const { existsSync, writeFileSync } = require('node:fs');
if (args[0] === 'status') process.stdout.write(JSON.stringify({ BackendState: 'Running' }));
else if (args[0] === 'whois') {
  if (args.at(-1) !== '100.64.1.2') process.exit(1);
  process.stdout.write(JSON.stringify({ Node: {}, UserProfile: { LoginName: 'Nick@example.org' } }));
}
else {
  writeFileSync(process.env.FAKE_PID, String(process.pid));
  process.stdout.write('Available within your tailnet:\\n\\nhttps://box.tail1.ts.net/\\n|-- proxy ' + args.at(-1) + '\\n\\nPress Ctrl+C to exit.\\n');
  setInterval(() => existsSync(__filename) || process.exit(), 200);
}
`;
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a gateway that Tailscale passes requests on to', () => {
  it('claims its address at the start, answers through a door of its own, and gives it back at the end', async () => {
    await configure({ tailscale: { mode: 'serve' } });
    const tailscale = await putFakeProgram(home.dir, 'tailscale', working);
    const env = { PATH: tailscale.PATH, FAKE_PID: join(home.dir, 'pid') };
    const gateway = await home.gateway([], { env });
    await gateway.sees(/tailscale serve: https:\/\/box\.tail1\.ts\.net\//);
    const calls = await tailscale.calls();
    expect(calls[0]).toEqual(['status', '--json']);
    expect(calls[1]).toEqual(['serve', '--yes', expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
    const door = String(calls[1]?.at(-1));
    expect(new URL(door).port).not.toBe(String(gateway.port));

    // As Tailscale passes on: attributed to its client there, and a stranger's claim at the ordinary port.
    const headers = {
      'x-forwarded-for': '100.64.1.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'box.tail1.ts.net',
    };
    const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
    const ask = (base: string, more = {}) => fetch(`${base}/v1/models`, { headers: { ...headers, ...more } });
    expect((await ask(door)).status).toBe(401);
    expect((await ask(door, { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask(`http://127.0.0.1:${gateway.port}`, { authorization: `Bearer ${token}` })).status).toBe(403);

    const pid = Number(await readFile(env.FAKE_PID, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    gateway.process.kill('SIGTERM');
    expect(await gateway.ended).toMatchObject({ exitCode: 0 });
    while (isAlive(pid)) await sleep(10);
    expect(await tailscale.calls()).toHaveLength(2);
  });

  describe('and whom Tailscale knows', () => {
    const passed = {
      'x-forwarded-for': '100.64.1.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'box.tail1.ts.net',
      'tailscale-user-login': 'nick@example.org',
    };
    const start = async (auth: object = {}) => {
      await configure({ tailscale: { mode: 'serve' }, auth });
      const tailscale = await putFakeProgram(home.dir, 'tailscale', working);
      const gateway = await home.gateway([], { env: { PATH: tailscale.PATH, FAKE_PID: join(home.dir, 'pid') } });
      await gateway.sees(/tailscale serve: https/);
      const claim = (await tailscale.calls()).findLast(([verb]) => verb === 'serve');
      const door = String(claim?.at(-1)).replace('http', 'ws');
      const device = makeDevice();
      const params = { scopes: ['operator.read'], auth: undefined };
      const knock = (headers: Record<string, string>, url = door) =>
        connectDevice({ url }, device, { params, headers });
      return { knock, gateway, tailscale };
    };

    it('needs no secret beside a device that was approved', async () => {
      const { knock, tailscale } = await start({ identityScopes: { 'nick@example.org': ['operator.write'] } });
      using stranger = await knock(passed);
      const { details } = await refusalOf(stranger);
      expect(details).toMatchObject({ code: 'PAIRING_REQUIRED' });
      expect(await home.run(['devices', 'approve', String(details.requestId)])).toMatchObject({ exitCode: 0 });
      using known = await knock(passed);
      expect(authOf(known)).toMatchObject({ method: 'tailscale', scopes: ['operator.read', 'operator.write'] });
      const { payload } = await known.request('users.self');
      expect(payload?.profile).toMatchObject({ id: 'Nick@example.org' });
      // Once for both: what it said a moment ago still holds.
      expect((await tailscale.calls()).filter(([verb]) => verb === 'whois')).toEqual([
        ['whois', '--json', '100.64.1.2'],
      ]);
    });

    it('is nobody else, and nobody at another door or where it is switched off', async () => {
      const { knock, gateway } = await start();
      const code = async (headers: Record<string, string>) => {
        using raw = await knock(headers);
        return (await refusalOf(raw)).details.code;
      };
      expect(await code({ ...passed, 'tailscale-user-login': 'eve@example.org' })).toBe('AUTH_TOKEN_MISSING');
      expect(await code({ ...passed, 'x-forwarded-for': '100.64.9.9' })).toBe('AUTH_TOKEN_MISSING');
      expect(await code({ ...passed, 'tailscale-funnel-request': '?1' })).toBe('AUTH_TOKEN_MISSING');
      await expect(knock(passed, gateway.url)).rejects.toThrow('403');
      gateway.process.kill('SIGTERM');
      await gateway.ended;
      const off = await start({ allowTailscale: false });
      using raw = await off.knock(passed);
      expect((await refusalOf(raw)).details.code).toBe('AUTH_TOKEN_MISSING');
    });
  });

  it.skipIf(process.platform === 'win32')(
    'takes over what a gateway that was killed has left, and nobody else',
    async () => {
      await configure({ tailscale: { mode: 'serve' } });
      // As the real one: an address has one claim, of whoever is there first.
      const exclusive = `
if (args[0] === 'status') process.stdout.write(JSON.stringify({ BackendState: 'Running' }));
else require('node:net').createServer()
  .once('error', () => {
    process.stderr.write('foreground listener already exists for port 443\\n');
    process.exitCode = 1;
  })
  .listen(Number(process.env.FAKE_PORT), '127.0.0.1', () => {
    process.stdout.write('Available within your tailnet:\\n\\nhttps://box.tail1.ts.net/\\n');
  });
`;
      const tailscale = await putFakeProgram(home.dir, 'tailscale', exclusive);
      const env = { PATH: tailscale.PATH, FAKE_PORT: String(await freePort()) };
      const claim = join(home.stateDir, 'tailscale.json');
      const first = await home.gateway([], { env });
      const { pid: orphan } = JSON.parse(await readFile(claim, 'utf8'));
      first.process.kill('SIGKILL');
      await first.ended;
      expect(isAlive(orphan)).toBe(true);
      const second = await home.gateway([], { env });
      expect(second.stdout()).toContain('took over the address');
      expect(JSON.parse(await readFile(claim, 'utf8')).pid).not.toBe(orphan);
      second.process.kill('SIGTERM');
      expect((await second.ended).exitCode).toBe(0);
      expect(await readFile(claim, 'utf8').catch(() => 'gone')).toBe('gone');
      // Another process by that number, which began at another time.
      await writeFile(claim, JSON.stringify({ pid: process.pid, startTime: 1 }));
      const third = await home.gateway([], { env });
      expect(third.stdout()).not.toContain('took over');
      third.process.kill('SIGTERM');
      expect((await third.ended).exitCode).toBe(0);
    },
  );

  it('tells when its claim ends by itself, and not when a supervisor ends both, also while a run is waited for', async () => {
    await using upstream = await startUpstream(begin('half a reply', () => undefined));
    const config = { gateway: { mode: 'local', tailscale: { mode: 'serve' } }, ...withUpstream(upstream.url) };
    await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config));
    const tailscale = await putFakeProgram(home.dir, 'tailscale', working);
    const env = { PATH: tailscale.PATH, FAKE_PID: join(home.dir, 'pid') };
    const claim = async () => Number(await readFile(env.FAKE_PID, 'utf8'));
    const first = await home.gateway([], { env });
    process.kill(await claim(), 'SIGTERM');
    await first.sees(/tailscale serve has ended \(.*\): the gateway cannot be reached/);
    first.process.kill('SIGTERM');
    await first.ended;
    const second = await home.gateway([], { env });
    const asked = home.start(['agent', '--message', 'hang']);
    await asked.sees(/half a reply/);
    for (const pid of [await claim(), Number(second.process.pid)]) process.kill(pid, 'SIGTERM');
    const { exitCode, stdout } = await second.ended;
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('has ended');
    asked.process.kill('SIGKILL');
  }, 60_000);

  it('is asked for by the flag, and lets a password through a funnel', async () => {
    await configure({ auth: { mode: 'password', password: 'correct horse battery' } });
    const tailscale = await putFakeProgram(
      home.dir,
      'tailscale',
      working.replace('within your tailnet', 'on the internet'),
    );
    const env = { PATH: tailscale.PATH, FAKE_PID: join(home.dir, 'pid') };
    const gateway = await home.gateway(['--tailscale', 'funnel'], { env });
    await gateway.sees(/tailscale funnel: https/);
    expect((await tailscale.calls())[1]?.slice(0, 2)).toEqual(['funnel', '--yes']);
  });

  const refused: [string, object, RegExp][] = [
    ['a funnel without a password', { tailscale: { mode: 'funnel' } }, /wants auth mode "password"/],
    ['another bind', { bind: 'lan', tailscale: { mode: 'serve' } }, /wants gateway\.bind "loopback"/],
  ];
  it.each(refused)('is refused with %s, before anything is called', async (_, gateway, message) => {
    await configure(gateway);
    const tailscale = await putFakeProgram(home.dir, 'tailscale', working);
    const ended = await home.run(['gateway', '--port', String(await freePort())], { env: { PATH: tailscale.PATH } });
    expect(ended).toMatchObject({ exitCode: 78, stderr: expect.stringMatching(message) });
    expect(await tailscale.calls()).toEqual([]);
  });

  const status = (state: string) => `process.stdout.write(JSON.stringify({ BackendState: '${state}' }));`;
  const failing: [string, string, RegExp][] = [
    ['it is not connected', status('NeedsLogin'), /not connected \(NeedsLogin\): run "tailscale up"/],
    [
      'the claim is refused',
      `if (args[0] === 'status') { ${status('Running')} } else { process.stderr.write('Serve is not enabled on your tailnet.\\nTo enable, visit: https://login.tailscale.com/f/serve\\n'); process.exitCode = 1; }`,
      /Serve is not enabled on your tailnet.*admin console/,
    ],
  ];
  it.each(failing)('does not start when %s, and says what to do', async (_, script, message) => {
    await configure({ tailscale: { mode: 'serve' } });
    const tailscale = await putFakeProgram(home.dir, 'tailscale', script);
    const ended = await home.run(['gateway', '--port', String(await freePort())], { env: { PATH: tailscale.PATH } });
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(message) });
  });

  it('does not start without the program', async () => {
    await configure({ tailscale: { mode: 'serve' } });
    const env = { PATH: join(home.dir, 'nowhere') };
    const ended = await home.run(['gateway', '--port', String(await freePort())], { env });
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('install Tailscale') });
  });
});
