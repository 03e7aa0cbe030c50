import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../needs.ts';
import { createHome, freePort, type Home } from './processes.ts';

const lsof = findProgram('lsof', 'gateway --force');

/** A process that listens on a free port, and does as it is told by signals, or not. */
async function startListener(ignoresSigterm = false) {
  const code = `${ignoresSigterm ? "process.on('SIGTERM', () => {});" : ''}
    const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child: ChildProcess = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    port: Number(String(line)),
    child,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const force = (home: Home, port: number, env: NodeJS.ProcessEnv = {}) =>
  home.start(['gateway', '--allow-unconfigured', '--port', String(port), '--force'], { env });

describe.skipIf(!lsof)('gateway --force', { timeout: 60_000, concurrent: true }, () => {
  it('ends who listens on the port, then starts there', async () => {
    await using home = await createHome();
    await using holder = await startListener();
    await using bystander = await startListener();
    const gateway = force(home, holder.port);
    await gateway.sees(/Try next/);
    expect(await holder.ended).toEqual([null, 'SIGTERM']);
    expect(gateway.stdout()).toMatch(new RegExp(`force: killed pid ${holder.pid} \\(.+\\) on port ${holder.port}`));
    expect(gateway.stdout()).toMatch(/force: waited \d+ ms/);
    expect(gateway.stdout()).not.toContain('SIGKILL');
    expect(bystander.child.exitCode ?? bystander.child.signalCode).toBe(null);
    expect((await home.run(['health'])).exitCode).toBe(0);
  });

  it('kills who does not go', async () => {
    await using home = await createHome();
    await using holder = await startListener(true);
    const gateway = force(home, holder.port);
    await gateway.sees(/Try next/);
    expect(await holder.ended).toEqual([null, 'SIGKILL']);
    expect(gateway.stdout()).toContain(`force: escalated to SIGKILL for pid ${holder.pid} on port ${holder.port}`);
  });

  it('takes the place of a gateway, and of its state directory', async () => {
    await using home = await createHome();
    const first = await home.gateway();
    const second = force(home, first.port);
    await second.sees(/Try next/);
    await first.ended;
    expect((await home.run(['health'])).exitCode).toBe(0);
  });

  it('is a plain start where nobody is', async () => {
    await using home = await createHome();
    const gateway = force(home, await freePort());
    await gateway.sees(/Try next/);
    expect(gateway.stdout()).not.toContain('force:');
  });

  it('ends nobody when the configuration keeps the gateway from starting', async () => {
    await using home = await createHome();
    await using holder = await startListener();
    const ended = await home.run(['gateway', '--port', String(holder.port), '--force']);
    expect(ended).toMatchObject({ exitCode: 78, stderr: expect.stringContaining('Missing config') });
    expect(holder.child.exitCode ?? holder.child.signalCode).toBe(null);
  });
});

describe.concurrent('gateway --force without lsof and fuser', { timeout: 60_000 }, () => {
  it('says what it lacks when the port is in use, and ends nobody', async () => {
    await using home = await createHome();
    await using holder = await startListener();
    const ended = await force(home, holder.port, { PATH: home.dir }).ended;
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('neither lsof nor fuser is here') });
    expect(holder.child.exitCode ?? holder.child.signalCode).toBe(null);
  });

  it('starts when the port is free', async () => {
    await using home = await createHome();
    const gateway = force(home, await freePort(), { PATH: home.dir });
    await gateway.sees(/Try next/);
  });
});
