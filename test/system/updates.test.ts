import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createUpdates } from '../../server/system/updates.ts';
import { startTestGateway } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { faultsOf } from '../wire/schema.ts';

const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
const git = (folder: string, ...args: string[]) =>
  execFileSync('git', [...identity, '-C', folder, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim();

async function commit(folder: string, version: string, subject: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version, subject }));
  git(folder, 'add', '.');
  git(folder, 'commit', '-m', subject);
  return git(folder, 'rev-parse', 'HEAD');
}

/** A repository, and a checkout that follows it. */
async function openCheckout() {
  const folder = await scratch();
  const origin = join(folder.path, 'origin');
  const clone = join(folder.path, 'clone');
  await mkdir(origin);
  git(origin, 'init', '-b', 'main');
  const first = await commit(origin, '1.0.0', 'first');
  git(folder.path, 'clone', origin, clone);
  return { origin, clone, first, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('updates of a checkout', () => {
  it('are none as long as it has all that was fetched', async () => {
    await using checkout = await openCheckout();
    const updates = createUpdates({ packageDir: checkout.clone, version: '1.0.0' });
    const status = await updates.status();
    expect(status).toEqual({
      updateAvailable: null,
      effectiveChannel: 'dev',
      schedule: {
        channel: 'dev',
        autoEnabled: false,
        install: {
          kind: 'git',
          git: { status: 'current', currentSha: checkout.first, commitAtMs: expect.any(Number) },
        },
      },
    });
    expect(updates.known()).toEqual(status.schedule);
  });

  it('are told with version and subjects once they are fetched', async () => {
    await using checkout = await openCheckout();
    const updates = createUpdates({ packageDir: checkout.clone, version: '1.0.0' });
    await commit(checkout.origin, '1.1.0', 'second');
    const third = await commit(checkout.origin, '1.2.0', 'third');
    expect((await updates.status()).updateAvailable).toBeNull();
    const { updateAvailable, schedule } = await updates.status({ refresh: true });
    expect(updateAvailable).toMatchObject({
      currentVersion: '1.0.0',
      latestVersion: '1.2.0',
      channel: 'dev',
      currentSha: checkout.first,
      upstreamRef: 'origin/main',
      upstreamSha: third,
      commitsBehind: 2,
      commits: [{ subject: 'third' }, { subject: 'second' }],
    });
    expect(schedule.install.git).toMatchObject({ status: 'behind', commitsBehind: 2 });
    // Asked for again at once, the answer is the same one.
    expect(await updates.status()).toBe(await updates.status());
  });

  it('are told of a checkout that has gone its own way', async () => {
    await using checkout = await openCheckout();
    await commit(checkout.clone, '1.0.0', 'mine');
    const ahead = await createUpdates({ packageDir: checkout.clone, version: '1.0.0' }).status();
    expect(ahead.schedule.install.git).toMatchObject({ status: 'ahead', commitsAhead: 1 });
    await commit(checkout.origin, '2.0.0', 'theirs');
    const both = await createUpdates({ packageDir: checkout.clone, version: '1.0.0' }).status({ refresh: true });
    expect(both.schedule.install.git).toMatchObject({ status: 'diverged', commitsAhead: 1, commitsBehind: 1 });
    expect(both.updateAvailable).toMatchObject({ latestVersion: '2.0.0' });
  });

  it('that cannot be known are said to be so', async () => {
    await using checkout = await openCheckout();
    const alone = await createUpdates({ packageDir: checkout.origin, version: '1.0.0' }).status();
    expect(alone.schedule.install.git).toMatchObject({ status: 'unavailable', reason: 'no-upstream' });
    git(checkout.clone, 'remote', 'set-url', 'origin', join(checkout.origin, 'gone'));
    const cut = await createUpdates({ packageDir: checkout.clone, version: '1.0.0' }).status({ refresh: true });
    expect(cut.schedule.install.git).toMatchObject({ status: 'unavailable', reason: 'fetch-failed' });
  });
});

describe('updates elsewhere', () => {
  it('are not looked for', async () => {
    await using folder = await scratch();
    const inPackage = join(folder.path, 'node_modules', 'openclaw');
    const kindOf = async (packageDir: string | undefined) =>
      (await createUpdates({ packageDir, version: '1' }).status()).schedule.install;
    expect(await kindOf(inPackage)).toEqual({ kind: 'package' });
    expect(await kindOf(folder.path)).toEqual({ kind: 'unknown' });
    expect(await kindOf(undefined)).toEqual({ kind: 'unknown' });
  });
});

describe('update.status', () => {
  it('is for admins, and is what the published schema says', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const status = await client.call('update.status');
    expect(faultsOf('UpdateStatusResult', status)).toEqual([]);
    expect(status).toMatchObject({ sentinel: null, schedule: { autoEnabled: false } });
    await using reader = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect((await reader.refused('update.status')).code).toBe('FORBIDDEN');
    expect(reader.hello.snapshot.updateSchedule).toEqual((status as { schedule: object }).schedule);
  });
});

describe('hello-ok', () => {
  it('is what the published schema says, and complete', async () => {
    await using gateway = await startTestGateway({ config: { agents: { entries: { one: {}, two: {} } } } });
    await using client = await openSocket(gateway.url);
    expect(faultsOf('HelloOk', client.hello)).toEqual([]);
    expect(client.hello).toMatchObject({
      type: 'hello-ok',
      protocol: 4,
      server: { version: '0.0.0-test', connId: expect.any(String), bootId: expect.any(String) },
      snapshot: {
        presence: [{ mode: 'gateway', reason: 'self' }],
        health: { ok: true },
        stateVersion: { presence: 0 },
        suspension: { phase: 'accepting' },
        sessionDefaults: {
          defaultAgentId: 'one',
          modelConfigured: true,
          ownership: 'legacy',
          selectionRequired: false,
        },
        updateSchedule: { autoEnabled: false },
        configPath: gateway.paths.configPath,
        stateDir: gateway.paths.stateDir,
        authMode: 'token',
      },
      policy: {
        maxPayload: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: 30_000,
        attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
        allowedSessionVisibilities: ['shared'],
        hasMultipleSessionSharingIdentities: false,
      },
    });
    await using reader = await openSocket(gateway.url, { scopes: ['operator.read'] });
    expect(reader.hello.features).toEqual(client.hello.features);
    for (const member of ['configPath', 'stateDir', 'authMode'])
      expect(reader.hello.snapshot).not.toHaveProperty(member);
  });
});
