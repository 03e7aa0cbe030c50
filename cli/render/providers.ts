import type { ProviderAuth } from '../../sdk/protocol/models.ts';
import { table } from './table.ts';
import { oneLine } from './text.ts';
import { ago } from './time.ts';
import type { Look } from './value.ts';

const keys = { static: 'set', missing: 'missing', ok: 'not needed' } as const;

/** The model providers and how they stand with their keys. */
export function renderProviders(payload: unknown, look: Look): string | undefined {
  const { providers } = (payload ?? {}) as { providers?: ProviderAuth[] };
  if (!Array.isArray(providers)) return undefined;
  if (providers.length === 0) return 'No providers. Set OPENAI_API_KEY, or models.providers in the configuration.\n';
  const columns = [
    { head: 'PROVIDER' },
    { head: 'KEY' },
    { head: 'FROM' },
    { head: 'CHECKED' },
    { head: 'NOTES', elastic: true, wraps: true },
  ];
  const rows = providers.map(({ provider, status, apiKey, check, problem }) => [
    oneLine(provider),
    keys[status] ?? oneLine(status),
    apiKey === undefined ? '-' : apiKey.source === 'env' ? oneLine(apiKey.envVar) : 'configuration',
    check ? `${oneLine(check.status)}, ${ago(check.at, look.now)}` : '-',
    oneLine(problem ?? ''),
  ]);
  return table(columns, rows, look);
}
