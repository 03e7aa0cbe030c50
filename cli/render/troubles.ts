import type { DegradedSecretRow } from '../../sdk/protocol/health.ts';
import { oneLine } from './text.ts';
import type { Look } from './value.ts';

/** How a gateway follows changes of its configuration, as far as it tells. */
export interface ReloadState {
  fault?: { message: string } | undefined;
  restartPending?: string[] | undefined;
}

/** What a gateway tells of itself that its operator has to hear. */
export interface Troubles {
  configReload?: ReloadState | undefined;
  degradedSecretOwners?: readonly string[] | undefined;
  degradedSecrets?: readonly DegradedSecretRow[] | undefined;
}

/** A line for each thing that is not as the configuration wants it. */
export function renderTroubles(troubles: Troubles, { paint }: Pick<Look, 'paint'>): string[] {
  const { configReload, degradedSecretOwners = [], degradedSecrets } = troubles;
  const { fault, restartPending = [] } = configReload ?? {};
  const secrets =
    degradedSecrets?.map(({ path, state, reason }) => `${path} (${state}: ${reason})`) ?? degradedSecretOwners;
  return [
    ...(fault ? [`Config reload: skipped, the last good one is in effect: ${fault.message}`] : []),
    ...(restartPending.length > 0 ? [`Config: a restart is needed for ${restartPending.join(', ')}`] : []),
    ...(secrets.length > 0 ? [`Degraded secrets: ${secrets.join(', ')}`] : []),
  ].map((line) => paint('yellow', oneLine(line)));
}
