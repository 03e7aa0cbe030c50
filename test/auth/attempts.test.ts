import { describe, expect, it } from 'vitest';
import { type AttemptLimits, limitAttempts } from '../../server/auth/attempts.ts';
import type { Caller } from '../../server/auth/caller.ts';
import { local, remote } from './callers.ts';

const start = (limits: AttemptLimits = {}) => {
  const clock = { now: 1_000_000 };
  const attempts = limitAttempts(() => ({ ...limits, now: () => clock.now }));
  const fail = (caller: Caller, times: number) => {
    for (let time = 0; time < times; time++) attempts.failed(caller);
  };
  return { attempts, clock, fail };
};

describe('limitAttempts', () => {
  it('locks after ten failures in 60 s, for 300 s', () => {
    const { attempts, clock, fail } = start();
    fail(remote, 9);
    expect(attempts.lockedForMs(remote)).toBe(0);
    fail(remote, 1);
    expect(attempts.lockedForMs(remote)).toBe(300_000);
    clock.now += 299_999;
    expect(attempts.lockedForMs(remote)).toBe(1);
    clock.now += 1;
    expect(attempts.lockedForMs(remote)).toBe(0);
    fail(remote, 9);
    expect(attempts.lockedForMs(remote)).toBe(0);
  });

  it('forgets failures that are older than the window', () => {
    const { attempts, clock, fail } = start();
    fail(remote, 9);
    clock.now += 60_000;
    fail(remote, 9);
    expect(attempts.lockedForMs(remote)).toBe(0);
  });

  it('forgets failures after a success', () => {
    const { attempts, fail } = start();
    fail(remote, 9);
    attempts.succeeded(remote);
    fail(remote, 9);
    expect(attempts.lockedForMs(remote)).toBe(0);
  });

  it('counts each address for itself', () => {
    const { attempts, fail } = start();
    fail(remote, 10);
    expect(attempts.lockedForMs({ ...remote, address: '192.0.2.8' })).toBe(0);
  });

  it('never locks this machine, but does lock a page in one of its browsers, by its origin', () => {
    const { attempts, fail } = start();
    const page = { ...local, origin: 'http://evil.example' };
    fail(local, 20);
    fail(page, 10);
    expect(attempts.lockedForMs(local)).toBe(0);
    expect(attempts.lockedForMs(page)).toBe(300_000);
    expect(attempts.lockedForMs({ ...local, origin: 'http://localhost:3000' })).toBe(0);
  });

  it('locks this machine when loopback is not exempt', () => {
    const { attempts, fail } = start({ exemptLoopback: false });
    fail(local, 10);
    expect(attempts.lockedForMs(local)).toBe(300_000);
  });

  it('remembers a bounded number of callers, the youngest', () => {
    const { attempts, fail } = start({ maxAttempts: 1 });
    const address = (index: number) => ({ ...remote, address: `caller-${index}` });
    for (let index = 0; index <= 10_000; index++) fail(address(index), 1);
    expect(attempts.lockedForMs(address(0))).toBe(0);
    expect(attempts.lockedForMs(address(1))).toBe(300_000);
    expect(attempts.lockedForMs(address(10_000))).toBe(300_000);
  });
});
