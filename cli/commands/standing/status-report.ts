import type { StatusSummary } from '../../../sdk/protocol/health.ts';
import { toService } from './gateway-report.ts';
import type { Standing } from './standing.ts';
import type { More } from './status-more.ts';
import { judge } from './verdict.ts';

export type StatusReport = ReturnType<typeof toStatus>;

/**
 * What `status --json` answers, documented in docs/status.md: the gateway's own status, when it answers, with what this
 * machine knows beside it. Holds no secret.
 */
export function toStatus(standing: Standing, { all, ...more }: More) {
  const { here, probe, process, supervisor, port, extraServices } = standing;
  const told: Partial<StatusSummary> = probe?.status ?? {};
  return {
    schemaVersion: 1 as const,
    verdict: judge(standing),
    profile: here.profile ?? null,
    ...told,
    gateway: toGateway(standing),
    gatewayService: toService(supervisor, process),
    agents: toAgents(standing),
    sessions: told.sessions ?? null,
    config: {
      path: here.config.path,
      exists: here.config.exists,
      valid: here.config.valid,
      issues: here.config.issues,
      faults: here.faults,
      ...(all && { warnings: here.config.warnings }),
    },
    logFile: here.logFile,
    ...(all && { port, extraServices }),
    ...more,
  };
}

// --- internal ---

function toGateway({ here, target, isLocal, probe, process }: Standing) {
  const { connect, server, auth, reachable = false, capability = 'unknown' } = probe ?? {};
  return {
    mode: isLocal ? ('local' as const) : ('remote' as const),
    url: target.url,
    urlSource: target.from,
    reachable,
    connected: connect?.ok ?? false,
    rpcOk: connect?.rpcOk ?? false,
    connectLatencyMs: connect?.latencyMs ?? null,
    error: connect?.error ?? null,
    authMode: isLocal ? here.auth.mode : null,
    credentialSource: target.credentialFrom ?? null,
    capability,
    role: auth?.role ?? null,
    version: server?.version ?? null,
    uptimeMs: server?.uptimeMs ?? null,
    pid: probe?.status?.pid ?? process.pid,
  };
}

/** Agents with their model and the sessions that they have; null when the gateway did not tell. */
function toAgents({ probe }: Standing) {
  const { status, health } = probe ?? {};
  if (!status) return null;
  const agents = status.models.map(({ agentId, model, reason }) => ({
    agentId,
    isDefault: agentId === status.heartbeat.defaultAgentId,
    name: health?.agents.find((agent) => agent.agentId === agentId)?.name ?? null,
    model,
    reason,
    sessions: status.sessions.byAgent.find((agent) => agent.agentId === agentId)?.count ?? 0,
  }));
  return { defaultId: status.heartbeat.defaultAgentId, count: agents.length, agents };
}
