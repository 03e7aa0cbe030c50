import type { Runs } from '../agent/runs.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';

/** The conversations of an agent that goes away. */
export interface AgentSessions {
  /** Ends the agent's runs and takes its conversations out, each transcript kept as a file. Never rejects; false when some are left. */
  purge(agentId: string): Promise<boolean>;
}

/** Conversations that are taken out before others have a turn. */
const batch = 50;

export function createAgentSessions({
  sessions,
  runs,
  log,
}: {
  sessions: Pick<SessionStore, 'list' | 'retire' | 'durable'>;
  runs: Pick<Runs, 'endIn'>;
  log: Log;
}): AgentSessions {
  const retire = async (key: string) => {
    await runs.endIn(key, 'delete');
    await sessions.retire(key);
  };

  return {
    async purge(agentId) {
      try {
        for (;;) {
          const { rows } = sessions.list({ agentId, limit: batch, offset: 0, archived: 'all' });
          if (rows.length === 0) break;
          for (const { key } of rows) await retire(key);
        }
        await sessions.durable();
        return true;
      } catch (error) {
        // The agent is gone; its owner is told that something of it is left.
        log.error(`conversations of agent ${agentId} are left`, {
          error: error instanceof Error ? error.stack : error,
        });
        return false;
      }
    },
  };
}
