import type { ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import type { DegradedSecretRow } from '../../sdk/protocol/health.ts';
import { oneLine } from './text.ts';
import type { Look } from './value.ts';

/** What a gateway tells of itself that its operator has to hear. */
export interface Troubles {
  configReload?: ConfigReloadState | undefined;
  degradedSecretOwners?: readonly string[] | undefined;
  degradedSecrets?: readonly DegradedSecretRow[] | undefined;
}

/** A line for each thing that is not as the configuration wants it. */
export function renderTroubles(troubles: Troubles, { paint }: Pick<Look, 'paint'>): string[] {
  const { fault, restartPending = [] } = troubles.configReload ?? {};
  const secrets = listDegraded(troubles);
  return [
    ...(fault ? [`Config reload: skipped, the last good one is in effect: ${fault.message}`] : []),
    ...(restartPending.length > 0 ? [`Config: a restart is needed for ${restartPending.join(', ')}`] : []),
    ...(secrets.length > 0 ? [`Degraded secrets: ${secrets.join(', ')}`] : []),
  ].map((line) => paint('yellow', oneLine(line)));
}

/** Secrets that could not be read, with the reason where it is told. */
export function listDegraded({ degradedSecretOwners = [], degradedSecrets }: Troubles): readonly string[] {
  return degradedSecrets?.map(({ path, state, reason }) => `${path} (${state}: ${reason})`) ?? degradedSecretOwners;
}
