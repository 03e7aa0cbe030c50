import type { HelloOk } from '../../sdk/protocol/hello.ts';
import type { Roster } from '../config/agents.ts';
import type { LiveConfig } from '../config/live.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { Updates } from '../system/updates.ts';
import type { HelloFacts } from '../wire/welcome.ts';
import type { createHealth } from './snapshot.ts';

export interface HelloDeps {
  server: HelloFacts['server'];
  agents: Roster;
  config: Pick<LiveConfig, 'current'>;
  /** Hash of the newest configuration that is in effect as a whole. */
  appliedConfigHash(): string;
  models: Pick<ModelRegistry, 'fallback'>;
  health: Pick<ReturnType<typeof createHealth>, 'takeHealth'>;
  updates: Pick<Updates, 'known'>;
  mainKey(): string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  isDraining(): boolean;
  /** For admins only. */
  admin: Pick<HelloOk['snapshot'], 'configPath' | 'stateDir' | 'authMode'>;
}

/** Says what hello says of the gateway, as it is now. */
export function createHelloFacts(deps: HelloDeps): () => HelloFacts {
  const { server, health, updates, startedAt, isDraining, admin } = deps;
  return () => ({
    server,
    snapshot: {
      health: health.takeHealth(),
      uptimeMs: Date.now() - startedAt,
      suspension: { phase: isDraining() ? 'draining' : 'accepting' },
      appliedConfigHash: deps.appliedConfigHash(),
      sessionDefaults: toSessionDefaults(deps),
      updateSchedule: updates.known(),
      ...admin,
    },
  });
}

function toSessionDefaults({ agents, config, models, mainKey }: HelloDeps): HelloOk['snapshot']['sessionDefaults'] {
  const { id, primary } = agents.default();
  return {
    defaultAgentId: id,
    mainKey: mainKey(),
    mainSessionKey: `agent:${id}:${mainKey()}`,
    scope: config.current().session?.scope ?? 'per-sender',
    modelConfigured: models.fallback().model !== 'builtin/guide' || primary !== undefined,
    // Where no agent is named, the default one answers: nobody has to choose.
    ownership: agents.list().length === 1 ? 'sole' : 'legacy',
    selectionRequired: false,
  };
}
