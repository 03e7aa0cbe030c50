import { describe, expect, it } from 'vitest';
import { keepRunning } from '../../cli/commands/gateway/keep-running.ts';
import type { Gateway } from '../../server/gateway.ts';
import type { Keeper } from '../../server/system/restart.ts';

interface Setup {
  name: string;
}

/** A life of gateways that are told by name; `good` says which setups start. */
function open(names: (string | Error)[], isGood: (name: string) => boolean = () => true) {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const log: string[] = [];
  const keepers: Keeper[] = [];
  const waiting = new Set<() => void>();
  const running = keepRunning<Setup>({
    async read() {
      const next = names.shift() ?? 'none';
      if (next instanceof Error) throw next;
      return { name: next };
    },
    async start({ name }, keeper) {
      if (!isGood(name)) throw new Error(`${name} does not start`);
      log.push(`start ${name} ${keeper.last?.status ?? 'first'}`);
      keepers.push(keeper);
      for (const wake of waiting) wake();
      return {
        close: async (goodbye) => void log.push(`close ${name} ${goodbye?.reason ?? 'gateway stopping'}`),
      } as Gateway;
    },
    stopped,
  });
  return {
    log,
    keepers,
    stop,
    running,
    /** Resolves when so many gateways have started. */
    started: (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (keepers.length >= count) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

describe('a gateway that is kept running', () => {
  it('is started anew with what is read then, as often as it asks', async () => {
    const life = open(['a', 'b', 'c']);
    await life.started(1);
    life.keepers[0]?.restart('one');
    await life.started(2);
    life.keepers[1]?.restart('two');
    await life.started(3);
    expect(life.keepers[2]?.last).toMatchObject({ kind: 'restart', status: 'ok', reason: 'two' });
    life.stop();
    await life.running;
    expect(life.log).toEqual([
      'start a first',
      'close a gateway restarting',
      'start b ok',
      'close b gateway restarting',
      'start c ok',
      'close c gateway stopping',
    ]);
  });

  it('keeps what it had when what is read is of no use, and reads again the next time', async () => {
    const life = open(['a', new Error('line 3 is wrong'), 'c']);
    await life.started(1);
    life.keepers[0]?.restart('edit');
    await life.started(2);
    expect(life.keepers[1]?.last).toMatchObject({ status: 'error', message: 'line 3 is wrong' });
    life.keepers[1]?.restart('again');
    await life.started(3);
    life.stop();
    await life.running;
    expect(life.log.filter((line) => line.startsWith('start'))).toEqual([
      'start a first',
      'start a error',
      'start c ok',
    ]);
  });

  it('keeps what it had when the new one does not start', async () => {
    const life = open(['a', 'bad'], (name) => name !== 'bad');
    await life.started(1);
    life.keepers[0]?.restart('port');
    await life.started(2);
    expect(life.keepers[1]?.last).toMatchObject({ status: 'error', message: 'bad does not start' });
    life.stop();
    await life.running;
  });

  it('ends with the error when not even what it had starts', async () => {
    let isWell = true;
    const life = open(['a', 'bad'], () => isWell);
    await life.started(1);
    isWell = false;
    life.keepers[0]?.restart('disk');
    await expect(life.running).rejects.toThrow('a does not start');
  });

  it('ends well when it is told to end while it is started anew, and that is what keeps it from it', async () => {
    let isWell = true;
    const life = open(['a', 'b'], () => {
      if (!isWell) life.stop();
      return isWell;
    });
    await life.started(1);
    isWell = false;
    life.keepers[0]?.restart('port');
    await expect(life.running).resolves.toBeUndefined();
  });

  it('ends with the error that kept the first one from starting', async () => {
    await expect(open([new Error('no file')]).running).rejects.toThrow('no file');
  });

  it('is not started anew when it is to stop by then', async () => {
    const life = open(['a', 'b']);
    await life.started(1);
    life.keepers[0]?.restart('late');
    life.stop();
    await life.running;
    expect(life.log).toEqual(['start a first', expect.stringContaining('close a')]);
  });
});
