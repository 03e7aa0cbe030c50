import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, type Home } from './processes.ts';
import { startRecordingServer } from './recording-server.ts';

let home: Home;
beforeAll(async () => {
  home = await createHome();
  await mkdir(home.stateDir, { recursive: true });
});
afterAll(() => home[Symbol.asyncDispose]());

const put = (name: string, content: unknown) => writeFile(join(home.stateDir, name), JSON.stringify(content));

describe('which credentials leave this machine', () => {
  it('sends a gateway that is named by --url what is given with it, and nothing else', async () => {
    await using server = await startRecordingServer();
    const secret = 'secret-of-this-machine';
    // Everything points to the very address that is named: none of it may go there.
    await put('gateway.json', { url: server.url, pid: process.pid, token: secret, password: secret });
    await put('openclaw.json', {
      gateway: {
        port: server.port,
        mode: 'remote',
        auth: { token: secret },
        remote: { url: server.url, token: secret },
      },
    });
    await writeFile(join(home.stateDir, 'gateway.token'), secret);
    const env = {
      OPENCLAW_GATEWAY_URL: server.url,
      OPENCLAW_GATEWAY_TOKEN: secret,
      OPENCLAW_GATEWAY_PASSWORD: secret,
    };
    for (const command of [['health'], ['status'], ['gateway', 'call', 'health'], ['sessions', 'list']]) {
      const ended = await home.run([...command, '--url', server.url, '--json'], { env });
      expect(ended.stdout + ended.stderr, command.join(' ')).not.toContain(secret);
    }
    expect(server.frames().length).toBeGreaterThanOrEqual(3);
    for (const { params } of server.frames()) expect(params).not.toHaveProperty('auth');
    expect(server.received.join('\n')).not.toContain(secret);
    await home.run(['health', '--url', server.url, '--token', 'given'], { env });
    expect(server.frames().at(-1)).toMatchObject({ method: 'connect', params: { auth: { token: 'given' } } });
    expect(server.received.join('\n')).not.toContain(secret);
  });

  it('asks the remote gateway of the configuration with its own credential', async () => {
    await using server = await startRecordingServer();
    const remote = { url: server.url, token: { source: 'env', provider: 'default', id: 'THEIRS' } };
    await put('gateway.json', {});
    await put('openclaw.json', { gateway: { mode: 'remote', auth: { token: 'secret-of-this-machine' }, remote } });
    const env = { THEIRS: 'of-the-remote-one', OPENCLAW_GATEWAY_TOKEN: 'secret-of-this-machine' };
    const ended = await home.run(['health'], { env });
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('gateway.remote.url in') });
    expect(server.frames()[0]?.params?.auth).toEqual({ token: 'of-the-remote-one' });
    expect(server.received.join('\n')).not.toContain('secret-of-this-machine');
  });

  it('refuses to send a token in the clear to a machine on the internet', async () => {
    const ended = await home.run(['health', '--url', 'ws://gateway.example:18789', '--token', 'given']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(/ws:\/\/gateway\.example:18789 \(from --url\) would send .* use wss:\/\/.*--ssh/);
  });
});
