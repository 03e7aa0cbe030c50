import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

/** As the real one behaves in the foreground: it shows the address, and keeps it until it is ended. */
const working = `
const { writeFileSync } = require('node:fs');
if (args[0] === 'status') process.stdout.write(JSON.stringify({ BackendState: 'Running' }));
else {
  writeFileSync(process.env.FAKE_PID, String(process.pid));
  process.stdout.write('Available within your tailnet:\\n\\nhttps://box.tail1.ts.net/\\n|-- proxy ' + args.at(-1) + '\\n\\nPress Ctrl+C to exit.\\n');
  setInterval(() => {}, 1000);
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
