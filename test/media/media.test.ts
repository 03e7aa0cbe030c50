import { expect, it } from 'vitest';
import { createMedia } from '../../server/media/media.ts';
import { toResponseMedia } from '../../server/media/settings.ts';
import { createTurns } from '../../server/media/turns.ts';
import { png } from './images.ts';

const never = new AbortController().signal;

it('shares room in the order in which it was asked for, whatever each one needs', async () => {
  const turns = createTurns({ room: 3, maxWaiting: 3 });
  const began: string[] = [];
  const ask = async (name: string, weight: number, signal = never) => {
    const end = await turns.wait(signal, weight);
    began.push(name);
    return end;
  };
  const end = await ask('a', 2);
  const leaving = new AbortController();
  const large = ask('large', 3, leaving.signal);
  const small = ask('small', 1);
  const other = ask('other', 9);
  // It would fit, but comes behind those that wait; and no more may wait.
  expect(await turns.wait(never, 1)).toBeUndefined();
  expect(began).toEqual(['a']);
  leaving.abort(new Error('left'));
  await expect(large).rejects.toThrow('left');
  const endSmall = await small;
  expect(began).toEqual(['a', 'small']);
  end?.();
  end?.();
  endSmall?.();
  // More than there is gets all of it.
  (await other)?.();
  expect(began).toEqual(['a', 'small', 'other']);
  expect(await turns.wait(never, 3)).toBeTypeOf('function');
  await expect(turns.wait(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

it('lets few requests fetch at the same time, in all no more than it can hold', async () => {
  let under = 0;
  let most = 0;
  const held: (() => void)[] = [];
  const media = createMedia({
    fetch: async () => {
      most = Math.max(most, ++under);
      await new Promise<void>((resolve) => held.push(resolve));
      under--;
      return { bytes: png(), contentType: 'image/png', fileName: undefined };
    },
  });
  const settings = toResponseMedia({});
  const url = 'https://files.example/a.png';
  const requests = Array.from({ length: 70 }, async () => {
    const intake = media.open(settings, never);
    try {
      return await intake.image({ url });
    } finally {
      intake.close();
    }
  });
  await expect(media.open(settings, never).image({ url })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  });
  const all = Promise.all(requests);
  let isOver = false;
  void all.then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const go of held.splice(0)) go();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await all).toHaveLength(70);
  // Of 20 MB each, 120 MB.
  expect(most).toBe(6);
  await media.close();
});

it('ends what is under way when its request is over', async () => {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const media = createMedia({
    fetch: (_url, _options, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          resolve(signal.reason);
          reject(signal.reason);
        });
      }),
  });
  const intake = media.open(toResponseMedia({}), never);
  const reading = intake.image({ url: 'https://files.example/a.png' });
  const caught = expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
  await new Promise((resolve) => setImmediate(resolve));
  intake.close();
  await caught;
  expect(await ended).toMatchObject({ code: 'CANCELLED' });
  await media.close();
});
