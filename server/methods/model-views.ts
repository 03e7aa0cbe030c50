import type { ModelRow, ProviderAuth } from '../../sdk/protocol/models.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';

/** How models look to the one who asks. */
export interface ModelView {
  provider?: string | undefined;
  includeDetails?: boolean | undefined;
  includeProviderCapabilities?: boolean | undefined;
  /** The session whose model is marked. */
  current: SessionRow | undefined;
  /** How much the agent thinks by default. */
  thinking: string | undefined;
}

export function toModelRows(rows: readonly ModelRow[], view: ModelView): ModelRow[] {
  const { provider, current, thinking } = view;
  const isCurrent = (row: ModelRow) => row.provider === current?.modelProvider && row.id === current.model;
  return rows
    .filter((row) => provider === undefined || row.provider === provider)
    .map(({ local, apiKeySupported, ...row }) => ({
      ...row,
      ...(isCurrent(row) && { tags: [...(row.tags ?? []), 'current'] }),
      ...(thinking && row.thinkingLevels && { thinkingDefault: thinking }),
      ...(view.includeDetails && local !== undefined && { local }),
      ...(view.includeProviderCapabilities && apiKeySupported !== undefined && { apiKeySupported }),
    }));
}

/** What came of asking the providers. */
export function toOutcomes(providers: readonly ProviderAuth[], provider: string | undefined) {
  return providers.flatMap((one) =>
    one.check && (provider === undefined || one.provider === provider)
      ? [{ provider: one.provider, status: one.check.status }]
      : [],
  );
}
