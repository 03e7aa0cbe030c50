import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeHolder, findPortHolders } from '../../../cli/local/port-holders.ts';
import { findProgram } from '../../needs.ts';
import { scratch } from '../../scratch.ts';

const lsof = findProgram('lsof', 'who holds a port');
const fuser = findProgram('fuser', 'who holds a port, without lsof');
const ps = findProgram('ps', 'who holds a port, without lsof');

/** A process that listens on two addresses of a port until it is ended. */
async function startHolder() {
  const code = `const net = require('node:net');
    const one = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = one.address();
      net.createServer().listen(port, '127.0.0.2', () => console.log(port));
    });`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    port: Number(line.toString()),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A folder with these programs and no others, as a PATH. */
async function folderOf(path: string, programs: Record<string, string>) {
  for (const [name, text] of Object.entries(programs)) {
    if (text.startsWith('/')) await symlink(text, join(path, name));
    else {
      await writeFile(join(path, name), `#!/bin/sh\n${text}\n`);
      await chmod(join(path, name), 0o755);
    }
  }
  return { PATH: path };
}

async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(process.platform === 'win32')('what lsof says', () => {
  it('never names a group of processes, which a signal to zero or below would reach', async () => {
    await using folder = await scratch();
    const lines = ['p0', 'ckernel', 'n*:1', 'p-1', 'cx', 'n*:1', 'p', 'cy', 'n*:1', 'p12', 'cz', 'n*:1'];
    const env = await folderOf(folder.path, { lsof: `printf '%s\\n' ${lines.join(' ')}` });
    expect((await findPortHolders(1, { env }))?.map(({ pid }) => pid)).toEqual([12]);
  });
});

describe.skipIf(!lsof)('who holds a port, by lsof', () => {
  it('is told with pid, user, command and every address', async () => {
    await using holder = await startHolder();
    const found = await findPortHolders(holder.port);
    expect(found?.map(({ pid }) => pid)).toEqual([holder.pid, holder.pid]);
    expect(found?.map(({ address }) => address).sort()).toEqual([
      `127.0.0.1:${holder.port}`,
      `127.0.0.2:${holder.port}`,
    ]);
    expect(found?.[0]?.command).not.toBe('?');
    expect(found?.[0]?.user).toBeTruthy();
  });

  it('is nobody on a port that is free', async () => {
    expect(await findPortHolders(await findClosedPort())).toEqual([]);
  });

  it('does not count a process that is only connected to it', async () => {
    await using holder = await startHolder();
    const client = (await import('node:net')).connect(holder.port, '127.0.0.1');
    await once(client, 'connect');
    expect((await findPortHolders(holder.port))?.every(({ pid }) => pid === holder.pid)).toBe(true);
    client.destroy();
  });
});

describe.skipIf(!fuser || !ps)('who holds a port, by fuser', () => {
  it('is told where there is no lsof', async () => {
    await using folder = await scratch();
    await using holder = await startHolder();
    const env = await folderOf(folder.path, { fuser: fuser ?? '', ps: ps ?? '' });
    const found = await findPortHolders(holder.port, { env });
    expect(found).toEqual([
      {
        pid: holder.pid,
        command: expect.stringMatching(/\w/),
        user: expect.any(String),
        address: `tcp:${holder.port}`,
      },
    ]);
  });

  it('is told where lsof may not be run', async () => {
    await using folder = await scratch();
    await using holder = await startHolder();
    const env = await folderOf(folder.path, { fuser: fuser ?? '', ps: ps ?? '' });
    await writeFile(join(folder.path, 'lsof'), 'no program', { mode: 0o644 });
    expect((await findPortHolders(holder.port, { env }))?.map(({ pid }) => pid)).toEqual([holder.pid]);
  });

  it('is nobody on a port that is free', async () => {
    await using folder = await scratch();
    const env = await folderOf(folder.path, { fuser: fuser ?? '', ps: ps ?? '' });
    expect(await findPortHolders(await findClosedPort(), { env })).toEqual([]);
  });
});

describe('who holds a port, elsewhere', () => {
  it('is not known without a tool', async () => {
    await using folder = await scratch();
    expect(await findPortHolders(18_789, { env: { PATH: folder.path } })).toBe(undefined);
  });

  it('is asked of lsof as the runbook writes it', async () => {
    await using folder = await scratch();
    const env = await folderOf(folder.path, { lsof: `echo "$@" >'${folder.path}/asked'; exit 1` });
    expect(await findPortHolders(18_789, { env })).toEqual([]);
    const { readFile } = await import('node:fs/promises');
    expect(await readFile(join(folder.path, 'asked'), 'utf8')).toMatch(/^-nP -iTCP:18789 -sTCP:LISTEN -FpFc/);
  });

  it('is read from netstat and tasklist on Windows', async () => {
    await using folder = await scratch();
    const netstat = [
      'Active Connections',
      '',
      '  Proto  Local Address          Foreign Address        State           PID',
      '  TCP    0.0.0.0:18789          0.0.0.0:0              ABHÖREN         4312',
      '  TCP    [::]:18789             [::]:0                 ABHÖREN         4312',
      '  TCP    127.0.0.1:18789        127.0.0.1:50123        HERGESTELLT     4312',
      '  TCP    127.0.0.1:50123        127.0.0.1:18789        HERGESTELLT     977',
      '  TCP    0.0.0.0:187890         0.0.0.0:0              ABHÖREN         5',
    ].join('\r\n');
    const env = await folderOf(folder.path, {
      netstat: `printf '%s' '${netstat}'`,
      tasklist: `[ "$2" = 'PID eq 4312' ] && echo '"node.exe","4312","Console","1","61,004 K"'`,
    });
    expect(await findPortHolders(18_789, { env, platform: 'win32' })).toEqual([
      { pid: 4312, command: 'node.exe', address: '0.0.0.0:18789' },
      { pid: 4312, command: 'node.exe', address: '[::]:18789' },
    ]);
  });

  it('is described in one line', () => {
    const holder = { pid: 11_880, user: 'root', command: 'openclaw-gateway', address: '*:18789' };
    expect(describeHolder(holder)).toBe('pid 11880 root: openclaw-gateway (*:18789)');
  });
});
