import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { putFakeProgram } from '../cli/fake-program.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, reply, replyWithCalls, startUpstream } from '../upstream.ts';
import { hangOn } from './hang.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';
import { closeOf } from './soon.ts';

/** A gateway with a run whose provider has begun to answer and says nothing more. */
async function startHung(stateDir: string) {
  const upstream = await startUpstream(begin('half a reply', () => undefined));
  const setting = { stateDir, port: await findFreePort(), config: withUpstream(upstream.url) };
  const gateway = await spawnGateway(setting);
  const client = await openSocket(gateway.url, { patienceMs: 40_000 });
  await client.call('chat.send', { sessionKey: 'main', message: 'go', idempotencyKey: 'k' });
  await client.until('the first words', () => client.told('agent').find(({ stream }) => stream === 'assistant'));
  return {
    gateway,
    client,
    setting,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** Preloaded: what is on a disk that does not answer any more is waited for without end. */
const hungDisk = `
import disk from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
for (const name of ['open', 'stat', 'lstat', 'realpath']) {
  const real = disk[name];
  disk[name] = (path, ...rest) => (String(path).includes('unreachable') ? new Promise(() => {}) : real(path, ...rest));
}
syncBuiltinESMExports();
`;

describe('a stop while a provider hangs', { timeout: 90_000 }, () => {
  it('ends with 0 once the drain is over: everybody is told, the run is marked, and nothing is left behind', async () => {
    await using folder = await scratch();
    await using hung = await startHung(folder.path);
    const { gateway, client, setting } = hung;
    const closed = closeOf(client);
    gateway.signal('SIGTERM');
    expect(await closed).toEqual({ code: 1012, reason: 'service restart' });
    expect(client.told('shutdown')).toEqual([{ reason: 'gateway stopping' }]);
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(await readdir(folder.path)).not.toContain('gateway.json');
    await using again = await spawnGateway({ ...setting, keepConfig: true });
    await using second = await openSocket(again.url);
    expect(await second.call('runs.events', { runId: 'k' })).toMatchObject({
      run: { status: 'interrupted', text: 'half a reply' },
    });
  });

  it('ends with 0 within 30 s also when a tool hangs that does not mind being aborted, and marks both runs', async () => {
    await using folder = await scratch();
    const preload = join(folder.path, 'hung-disk.mjs');
    await writeFile(preload, hungDisk);
    const read = { id: 'c', name: 'read', args: { path: 'unreachable.txt' } };
    await using upstream = await startUpstream(
      replyWithCalls(read),
      begin('half', () => undefined),
    );
    const setting = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    const env = { NODE_OPTIONS: `--import ${pathToFileURL(preload)}` };
    await using gateway = await spawnGateway({ ...setting, env });
    await using client = await openSocket(gateway.url, { patienceMs: 40_000 });
    await client.call('chat.send', { sessionKey: 'tool', message: 'go', idempotencyKey: 'tool' });
    const toolRun = async () => JSON.stringify(await client.call('runs.events', { runId: 'tool' }));
    await expect.poll(toolRun, { timeout: 20_000 }).toContain('unreachable.txt');
    await client.call('chat.send', { sessionKey: 'provider', message: 'go', idempotencyKey: 'provider' });
    await client.until('the first words', () => client.told('agent').find(({ stream }) => stream === 'assistant'));
    const since = performance.now();
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - since).toBeLessThan(30_000);
    await using again = await spawnGateway({ ...setting, keepConfig: true });
    await using second = await openSocket(again.url);
    for (const runId of ['tool', 'provider'])
      expect(await second.call('runs.events', { runId })).toMatchObject({ run: { status: 'interrupted' } });
  });

  it('ends at once on a second signal', async () => {
    await using folder = await scratch();
    await using hung = await startHung(folder.path);
    const { gateway } = hung;
    gateway.signal('SIGTERM');
    await expect.poll(() => gateway.output(), { timeout: 10_000 }).toContain('stopping');
    // Two signals that come together are one.
    await new Promise((resolve) => setTimeout(resolve, 400));
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    expect(gateway.output()).toContain('Stopped at once');
  });
});

/** Tailscale's program in the foreground, which ends when it is told to. */
const tailscale = `
if (args[0] === 'status') process.stdout.write(JSON.stringify({ BackendState: 'Running' }));
else {
  process.stdout.write('Available within your tailnet: https://box.tail1.ts.net/');
  setInterval(() => {}, 1000);
}
`;

describe.skipIf(process.platform === 'win32')('a stop of the whole process group', { timeout: 90_000 }, () => {
  it('while a tool never returns ends with 0, the run marked, and the ends of other programs are no faults', async () => {
    await using folder = await scratch();
    const call = { id: 'c1', name: 'read', args: { path: 'hangs.txt' } };
    await using upstream = await startUpstream(replyWithCalls(call), reply('never asked'));
    const { PATH } = await putFakeProgram(folder.path, 'tailscale', tailscale);
    const workspace = join(folder.path, 'agent-files');
    await mkdir(workspace);
    await writeFile(join(workspace, 'hangs.txt'), 'nobody reads this');
    const up = withUpstream(upstream.url);
    const config = {
      ...up,
      agents: { defaults: { ...up.agents?.defaults, workspace } },
      gateway: { tailscale: { mode: 'serve' as const } },
    };
    const env = { PATH, ...(await hangOn(folder.path, { opening: 'hangs.txt' })) };
    const setting = { stateDir: folder.path, port: await findFreePort(), config };
    await using gateway = await spawnGateway({ ...setting, env, ownGroup: true });
    await using client = await openSocket(gateway.url, { patienceMs: 40_000 });
    await client.call('chat.send', { sessionKey: 'main', message: 'read it', idempotencyKey: 'k' });
    await client.until('the call', () => client.told('agent').find(({ stream }) => stream === 'item'));
    const closed = closeOf(client);
    gateway.signalGroup('SIGTERM');
    expect(await closed).toEqual({ code: 1012, reason: 'service restart' });
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(gateway.output()).not.toContain('has ended');
    expect(upstream.requests).toHaveLength(1);
    const plain = { ...setting, config: up };
    await using again = await spawnGateway(plain);
    await using second = await openSocket(again.url);
    expect(await second.call('runs.events', { runId: 'k' })).toMatchObject({ run: { status: 'interrupted' } });
  });
});

describe('a stop that hangs behind the drain', { timeout: 90_000 }, () => {
  it('is ended by a watchdog with 1 before a supervisor kills it, and the log says so', async () => {
    await using folder = await scratch();
    const setting = { stateDir: folder.path, port: await findFreePort(), config: {} };
    const env = await hangOn(folder.path, { deleting: 'gateway.json' });
    await using gateway = await spawnGateway({ ...setting, env });
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 1, signal: null });
    const log = await readFile(join(folder.path, 'gateway.log'), 'utf8');
    expect(log).toContain('the end of the gateway hangs and has taken 27 s');
    await using again = await spawnGateway({ ...setting, keepConfig: true });
    expect(again.output()).toContain(' ready on ');
  });
});
