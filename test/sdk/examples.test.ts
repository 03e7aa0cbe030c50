import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeDevice, type TestDevice } from '../auth/device.ts';
import { authOf, connectDevice, elsewhere, refusalOf } from '../device-client.ts';
import { startTestGateway, token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, reply } from '../upstream.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** Runs an example as its reader does, where the gateway keeps its state; nothing else is told to it. */
const play = (name: string, stateDir: string, env: Record<string, string> = {}) =>
  run(process.execPath, [join(root, 'examples', name)], {
    cwd: root,
    timeout: 20_000,
    env: { PATH: process.env.PATH, HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, ...env },
  });

describe('the examples', () => {
  it('quickstart streams a reply', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(reply('Set gateway.bind', ' to lan.'));
    const { stdout } = await play('quickstart.ts', gateway.paths.stateDir);
    expect(stdout).toBe('Set gateway.bind to lan.\n\nok, 12 tokens of up/one\n');
    expect(JSON.stringify(gateway.upstream.requests[0]?.body.messages)).toContain('How do I bind to my LAN?');
  });

  it('stream-and-abort stops a run that would go on for ever', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(begin('word '.repeat(20), () => {}));
    const { stdout } = await play('stream-and-abort.ts', gateway.paths.stateDir);
    expect(stdout).toContain('[started]');
    expect(stdout).toMatch(/^aborted after \d+ characters: aborted$/m);
    expect(stdout).toContain('the session keeps 2 messages; the last one ended with "aborted"');
  });

  it('stream-and-abort is not thrown by a run that is faster', async () => {
    await using gateway = await startTestGateway();
    const { stdout } = await play('stream-and-abort.ts', gateway.paths.stateDir);
    expect(stdout).toContain('it was faster than us: ok');
  });

  it('openai-package streams through the HTTP API', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(reply('In ', 'the folder.'));
    const { stdout } = await play('openai-package.ts', gateway.paths.stateDir);
    expect(stdout).toBe('In the folder.\n');
  });

  it.each(['ai-sdk.ts', 'langchain.ts', 'llamaindex.ts'])(
    '%s is answered by a gateway without a provider',
    async (name) => {
      await using gateway = await startTestGateway({ config: { agents: { defaults: { model: 'builtin/guide' } } } });
      const { stdout } = await play(name, gateway.paths.stateDir);
      expect(stdout).toContain('From docs/logs-and-health.md');
      expect(stdout).toMatch(/^docs\/state-and-backup\.md has the answer, in \d+ characters$/m);
      const [, near, far] = /^(-?[\d.]+) is more alike than (-?[\d.]+)$/m.exec(stdout) ?? [];
      expect(Number(near)).toBeGreaterThan(Number(far) + 0.3);
    },
  );

  it('queue-modes has one run answer what came while another worked', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const waiting = async () => ((await client.call('status')) as { runs: { queued: number } }).runs.queued;
    gateway.upstream.answer(async (request, res) => {
      if (gateway.upstream.requests.length === 1) await expect.poll(waiting).toBe(2);
      await reply('Here it is.')(request, res);
    });
    const { stdout } = await play('queue-modes.ts', gateway.paths.stateDir);
    const [first, second, third, conversation] = stdout.trimEnd().split('\n');
    expect([first, second]).toEqual([
      'Where is the log file? ok, 11 characters',
      'How is it rotated? ok, 11 characters',
    ]);
    expect(third).toMatch(/^Are my keys in it\? ok, in the reply of \S+$/);
    expect(conversation).toBe('the conversation: user, assistant, user, user, assistant');
  });

  it('approve-devices lets a device in that only reads, and no other', async () => {
    await using gateway = await startTestGateway();
    const ask = (device: TestDevice, scopes: string[]) =>
      connectDevice(gateway, device, { ...elsewhere, params: { scopes, auth: { token } } });
    const [reader, writer] = [makeDevice(), makeDevice()];
    await refusalOf(await ask(reader, ['operator.read']));
    const { details } = await refusalOf(await ask(writer, ['operator.read', 'operator.write']));
    const { stdout } = await play('approve-devices.ts', gateway.paths.stateDir);
    expect(stdout).toContain(`${reader.id.slice(0, 12)} asks for operator, operator.read: approved\n`);
    expect(stdout).toContain(`then: openclaw devices approve ${details.requestId}\n`);
    expect(authOf(await ask(reader, ['operator.read'])).scopes).toEqual(['operator.read']);
    expect((await refusalOf(await ask(writer, ['operator.read', 'operator.write']))).error?.code).toBe('NOT_PAIRED');
    expect((await play('approve-devices.ts', gateway.paths.stateDir)).stdout).toContain(
      'then: openclaw devices approve',
    );
  });

  it('say in one line what is wrong when no gateway runs', async () => {
    await using folder = await scratch();
    const failed = await play('quickstart.ts', folder.path, { OPENCLAW_GATEWAY_PORT: '1' }).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('UNREACHABLE');
    expect(failed.stderr).toContain('start one with `openclaw gateway`');
    expect(failed.stderr).toContain('examples/quickstart.ts');
  });

  it('import public packages only', async () => {
    const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const known = Object.keys({ ...own.dependencies, ...own.devDependencies });
    for (const name of await readdir(join(root, 'examples'))) {
      const text = await readFile(join(root, 'examples', name), 'utf8');
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, target = '']) => target);
      const packages = imports
        .filter((target) => !target.startsWith('node:'))
        .map((target) => /^(?:@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target);
      expect(known, name).toEqual(expect.arrayContaining(packages));
    }
  });
});
