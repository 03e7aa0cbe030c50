import { envFileOf } from '../env-files.ts';

/** A model that can answer on this machine as it is, and why. */
export interface ModelChoice {
  /** `<provider>/<model>`; undefined for the guide, which needs none. */
  reference: string | undefined;
  /** For people. */
  name: string;
  reason: string;
  /** The variables that have to reach the gateway: a key, an address. Not those that an env file holds already. */
  variables: string[];
}

/** Milliseconds that the model servers of this machine get to answer. */
const lookMs = 2000;

/** The built-in guide: answers questions about the gateway, from its documentation. */
export const guide: ModelChoice = {
  reference: undefined,
  name: 'no model yet',
  reason: 'the built-in guide answers questions about the gateway',
  variables: [],
};

/** The models that keys in the environment and model servers on this machine offer, in the order in which they are preferred. */
export async function findModelChoices(env: NodeJS.ProcessEnv): Promise<ModelChoice[]> {
  const { knownProviders } = await import('../../server/models/known-providers.ts');
  const { discoverLocalServers, localServers } = await import('../../server/models/discover.ts');
  const servers = discoverLocalServers(localServers, AbortSignal.timeout(lookMs));
  const given = knownProviders.flatMap(({ id, name, defaultModel, keyVariables, baseUrlVariable }): ModelChoice[] => {
    const key = keyVariables.find((variable) => env[variable]?.trim());
    if (!key || !defaultModel) return [];
    const wanted = [key, ...(baseUrlVariable && env[baseUrlVariable]?.trim() ? [baseUrlVariable] : [])];
    const variables = wanted.filter((variable) => envFileOf(variable) === undefined);
    return [{ reference: `${id}/${defaultModel}`, name, reason: `${key} is set`, variables }];
  });
  const local = (await servers).map(
    ({ id, known, models, reason }): ModelChoice => ({
      reference: `${id}/${models[0]}`,
      name: known.name,
      reason,
      variables: [],
    }),
  );
  return [...given, ...local];
}
