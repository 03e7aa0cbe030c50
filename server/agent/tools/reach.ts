import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { SessionRow } from '../../../sdk/protocol/session-row.ts';
import type { Config } from '../../config/config.ts';
import type { ToolCaller } from './tool.ts';
import { isWildcardMatch } from './wildcard.ts';

/** Which conversations an agent may look at (`tools.sessions.visibility`, `tools.agentToAgent`). */
export interface Reach {
  /** True when everything is within reach. */
  isWhole: boolean;
  /** The agent whose conversations are the only ones; undefined when others are within reach too. */
  onlyAgent: string | undefined;
  includes(target: Target): boolean;
  /** @throws GatewayError FORBIDDEN when it is not within reach. */
  require(target: Target): void;
}

type Target = Pick<SessionRow, 'key' | 'agentId' | 'spawnedBy' | 'parentSessionKey'>;

/** @param isMain whether a key is that of an agent's main conversation. */
export function reachOf(caller: ToolCaller, config: Config, isMain: (key: string) => boolean): Reach {
  const { sessions, agentToAgent } = config.tools ?? {};
  const visibility = sessions?.visibility ?? 'all';
  // A tree is the conversation itself with what came of it, and from the main one all of its agent.
  const isAlone = visibility === 'self' || (visibility === 'tree' && !isMain(caller.sessionKey));
  const mayCross = (agentId: string) =>
    visibility === 'all' && isAllowedPair([caller.agentId, agentId], agentToAgent ?? {});
  const isChild = ({ spawnedBy, parentSessionKey }: Target) =>
    (visibility === 'tree' || visibility === 'all') && [spawnedBy, parentSessionKey].includes(caller.sessionKey);
  const includes = (target: Target) =>
    target.key === caller.sessionKey ||
    isChild(target) ||
    (!isAlone && (target.agentId === caller.agentId || mayCross(target.agentId)));
  return {
    isWhole: visibility === 'all' && agentToAgent?.enabled !== false && !agentToAgent?.allow?.length,
    onlyAgent: visibility === 'agent' || visibility === 'self' ? caller.agentId : undefined,
    includes,
    require(target) {
      if (includes(target)) return;
      const place = visibility === 'all' ? 'tools.agentToAgent' : `tools.sessions.visibility ("${visibility}")`;
      throw new GatewayError('FORBIDDEN', `conversation ${target.key} is out of reach: ${place} says so`);
    },
  };
}

function isAllowedPair(
  pair: readonly string[],
  { enabled, allow = [] }: { enabled?: boolean | undefined; allow?: string[] | undefined },
): boolean {
  if (enabled === false) return false;
  if (allow.length === 0) return true;
  return pair.every((id) => allow.some((entry) => matches(entry.trim(), id)));
}

/** Exact ids by case, patterns with `*` without. */
function matches(entry: string, id: string): boolean {
  return entry.includes('*') ? isWildcardMatch(entry.toLowerCase(), id.toLowerCase()) : entry === id;
}
