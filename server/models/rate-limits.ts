import type { ProviderLimits } from '../../sdk/protocol/provider-limits.ts';
import { findKnownProvider } from './known-providers.ts';

/** What providers have told of their limits in the headers of their newest answers. */
export interface RateLimits {
  /** Takes the headers of an answer; `header` finds one by its name in lower case. */
  note(provider: string, header: (name: string) => string | null | undefined): void;
  /** One row for each provider that has told any. */
  list(): ProviderLimits[];
}

type Window = ProviderLimits['windows'][number];

const kinds = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** Providers with limits that are remembered; those that a configuration drops make room. */
const maxProviders = 100;

export function createRateLimits(): RateLimits {
  const told = new Map<string, Window[]>();
  return {
    note(provider, header) {
      const windows = kinds.flatMap((kind) => readWindow(kind, header) ?? []);
      if (windows.length === 0) return;
      told.delete(provider);
      told.set(provider, windows);
      const [oldest] = told.keys();
      if (told.size > maxProviders && oldest !== undefined) told.delete(oldest);
    },
    list: () =>
      [...told].map(([provider, windows]) => ({
        provider,
        displayName: findKnownProvider(provider)?.name ?? provider,
        windows: windows.map(asOfNow),
      })),
  };
}

/** OpenAI's names, which most others took over, then Anthropic's. */
function readWindow(
  kind: (typeof kinds)[number],
  header: (name: string) => string | null | undefined,
): Window | undefined {
  const read = (what: string) => header(`x-ratelimit-${what}-${kind}`) ?? header(`anthropic-ratelimit-${kind}-${what}`);
  const [limit, remaining] = [toNumber(read('limit')), toNumber(read('remaining'))];
  if (limit === undefined || remaining === undefined || limit <= 0) return undefined;
  const usedPercent = Math.min(100, Math.max(0, 100 * (1 - remaining / limit)));
  const resetAt = toMoment(read('reset'));
  return { label: kind.replace('-', ' '), usedPercent, ...(resetAt !== undefined && { resetAt }) };
}

/** A window whose time is over is whole again. */
function asOfNow(window: Window): Window {
  return window.resetAt !== undefined && window.resetAt <= Date.now() ? { ...window, usedPercent: 0 } : window;
}

function toNumber(text: string | null | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return text && Number.isFinite(value) && value >= 0 ? value : undefined;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `6m0s` or `120ms`, seconds without a unit, or a date. */
function toMoment(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  if (/^[\d.]+$/.test(text)) return Math.round(Date.now() + Number(text) * 1000);
  if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
    return Math.round(Date.now() + parts.reduce((sum, [, n, unit = 's']) => sum + Number(n) * (unitMs[unit] ?? 0), 0));
  }
  const at = Date.parse(text);
  return Number.isFinite(at) && at >= 0 ? at : undefined;
}
