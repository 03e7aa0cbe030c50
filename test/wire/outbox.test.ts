import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox } from '../../server/wire/outbox.ts';

describe('the outbox', () => {
  let now = 0;
  beforeEach(() => {
    now = 1000;
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A socket that counts how often it was flushed; a flush takes so long. */
  const open = (flushMs = 0) => {
    const socket = {
      corks: 0,
      flushes: 0,
      cork: () => void socket.corks++,
      uncork() {
        socket.corks--;
        socket.flushes++;
        now += flushMs;
      },
    };
    return socket;
  };

  it('flushes at the end of the turn, once for all that was written', () => {
    const outbox = createOutbox(() => now);
    const [one, two] = [open(), open()];
    outbox.hold(one, false);
    outbox.hold(one, false);
    outbox.hold(two, true);
    expect([one.corks, two.corks]).toEqual([1, 1]);
    vi.advanceTimersByTime(0);
    expect([one, two]).toMatchObject([
      { corks: 0, flushes: 1 },
      { corks: 0, flushes: 1 },
    ]);
  });

  it('pauses after a long round as long as it took, but not for what is urgent', () => {
    const outbox = createOutbox(() => now);
    const [slow, urgent] = [open(20), open()];
    outbox.hold(slow, false);
    vi.advanceTimersByTime(0);
    expect(slow.flushes).toBe(1);
    outbox.hold(slow, false);
    outbox.hold(urgent, false);
    outbox.hold(urgent, true);
    vi.advanceTimersByTime(1);
    expect(slow.flushes).toBe(1);
    expect(urgent).toMatchObject({ corks: 0, flushes: 1 });
    vi.advanceTimersByTime(18);
    expect(slow.flushes).toBe(1);
    vi.advanceTimersByTime(2);
    expect(slow).toMatchObject({ corks: 0, flushes: 2 });
  });

  it('does not pause longer than 100 ms', () => {
    const outbox = createOutbox(() => now);
    const slow = open(5000);
    outbox.hold(slow, false);
    vi.advanceTimersByTime(0);
    outbox.hold(slow, false);
    vi.advanceTimersByTime(101);
    expect(slow.flushes).toBe(2);
  });
});
