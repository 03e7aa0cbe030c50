import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withProgress } from '../../cli/progress.ts';
import { shellWith } from './shell.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says what is waited for after half a second, to a person', async () => {
  const shell = shellWith({});
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting = withProgress(shell, { what: 'Asking', work: promise }, { watched: true });
  vi.advanceTimersByTime(499);
  expect(shell.notes).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(shell.notes).toEqual(['Asking ...']);
  resolve('answer');
  expect(await waiting).toBe('answer');
});

it('says nothing about work that is quick, that fails, or that a script waits for', async () => {
  const shell = shellWith({});
  await withProgress(shell, { what: 'Asking', work: Promise.resolve(1) }, { watched: true });
  await expect(
    withProgress(shell, { what: 'Asking', work: Promise.reject(new Error('no')) }, { watched: true }),
  ).rejects.toThrow('no');
  void withProgress(shell, { what: 'Asking', work: new Promise(() => {}) }, { watched: false });
  vi.advanceTimersByTime(10_000);
  expect(shell.notes).toEqual([]);
});
