import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { greeting } from '../../cli/commands/gateway/greeting.ts';
import { readGlobals } from '../../cli/globals.ts';
import { createShell } from '../../cli/shell.ts';

const shell = createShell(readGlobals(['--no-color']).globals);
const greet = (hosts: string[]) =>
  greeting(shell, {
    url: 'ws://127.0.0.1:18789',
    port: 18789,
    hosts,
    models: [{ agentId: 'main', model: 'builtin/guide', reason: 'nothing else' }],
    auth: { mode: 'token', source: 'gateway.token' },
    tokenPath: '/home/me/.openclaw/gateway.token',
    logFile: '/var/log/openclaw.log',
  });
const also = (hosts: string[]) =>
  [...greet(hosts).matchAll(/^ {2}also +(\S+) for other machines$/gm)].map(([, url]) => url);

describe('the greeting of a gateway', () => {
  it('names no other address on loopback', () => {
    expect(also(['127.0.0.1'])).toEqual([]);
  });

  it('names the address that other machines use', () => {
    expect(also(['192.168.1.20', '127.0.0.1'])).toEqual(['ws://192.168.1.20:18789']);
  });

  it('names every address of this machine when it listens on all of them', () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outside = own.filter(({ family, internal }) => family === 'IPv4' && !internal);
    expect(also(['0.0.0.0'])).toEqual(outside.map(({ address }) => `ws://${address}:18789`));
  });
});
