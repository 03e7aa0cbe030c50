import type { Roster } from '../config/agents.ts';
import type { ModelRegistry } from '../models/registry.ts';

/** The parts of the gateway that have to be in order before it should be sent work. */
export interface Readiness {
  /**
   * Adds a part, which is asked at every look. Contract: `isReady` is cheap and does not throw.
   * @returns how to take it out again.
   */
  join(part: string, isReady: () => boolean): () => void;
  /** Names of the parts that are not ready, in the order in which they joined. */
  failing(): string[];
}

export function createReadiness(): Readiness {
  const parts = new Map<string, () => boolean>();
  return {
    join(part, isReady) {
      parts.set(part, isReady);
      return () => {
        if (parts.get(part) === isReady) parts.delete(part);
      };
    },
    failing: () => [...parts].flatMap(([part, isReady]) => (isReady() ? [] : [part])),
  };
}

/** What tells whether the models are ready. */
export interface ModelStanding {
  agents: Pick<Roster, 'default'>;
  models: Pick<ModelRegistry, 'find' | 'providers'>;
  /** False until the first search for model servers on this machine is over. */
  isSearched(): boolean;
}

/**
 * True once it is known what this machine has, and the default agent can be answered: by the model that the configuration
 * names for it or one of its fallbacks, each of which has to be known and to have its key. Where none is named there is always
 * one. Providers are not asked: one that is down for a minute is no reason to take the gateway out of service.
 */
export function areModelsReady({ agents, models, isSearched }: ModelStanding): boolean {
  if (!isSearched()) return false;
  const { primary, fallbacks } = agents.default();
  return primary === undefined || [primary, ...fallbacks].some((reference) => isUsable(models, reference));
}

// --- internal ---

function isUsable(models: ModelStanding['models'], reference: string): boolean {
  try {
    const { provider } = models.find(reference);
    const standing = models.providers().find((one) => one.provider === provider);
    return provider === 'builtin' || (standing !== undefined && standing.problem === undefined);
  } catch {
    // The registry's way of saying that there is no such model, which is the answer here.
    return false;
  }
}
