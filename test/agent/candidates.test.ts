import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPatience, isWorthFallback } from '../../server/agent/candidates.ts';
import type { ModelFailure } from '../../server/models/provider.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('gives a model that is alone all the time there is', () => {
  expect(createPatience().share(1)).toBe(30_000);
});

it('shares what the models before have left', () => {
  const patience = createPatience();
  expect(patience.share(3)).toBe(10_000);
  vi.advanceTimersByTime(10_000);
  expect(patience.share(2)).toBe(10_000);
  vi.advanceTimersByTime(1000);
  expect(patience.share(1)).toBe(19_000);
});

it('does not take from the others what a model was given beyond its share', () => {
  const patience = createPatience();
  patience.share(2);
  vi.advanceTimersByTime(100_000);
  expect(patience.share(1)).toBe(15_000);
});

it.each<[Partial<ModelFailure>, boolean]>([
  [{ kind: 'unavailable', httpStatus: 503 }, true],
  [{ kind: 'timeout' }, true],
  [{ kind: 'rate_limit', httpStatus: 429 }, true],
  [{ kind: 'quota', httpStatus: 429 }, true],
  [{ kind: 'auth', httpStatus: 401 }, true],
  [{ kind: 'not_found', httpStatus: 404 }, true],
  [{ kind: 'context_length', httpStatus: 400 }, true],
  [{ kind: 'bad_request' }, true],
  [{ kind: 'bad_request', httpStatus: 405 }, true],
  [{ kind: 'bad_request', httpStatus: 400 }, false],
  [{ kind: 'bad_request', httpStatus: 422 }, false],
  [{ kind: 'refusal', httpStatus: 400 }, false],
])('%j is worth a fallback: %s', (failure, isWorth) => {
  const whole = { kind: 'unknown', message: '', provider: 'a', model: 'b', retryable: false, ...failure } as const;
  expect(isWorthFallback(whole)).toBe(isWorth);
});
