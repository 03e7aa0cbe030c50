import { existsSync } from 'node:fs';

/**
 * Whether something starts this process anew once it has ended: our unit says so, or systemd does, of this very process. Of a
 * shell that a service has started the variables are inherited, and nobody would start the gateway again; nor would anybody in
 * a container that an engine under systemd has started, unless a systemd in there names this process.
 */
export function isSupervised(env: NodeJS.ProcessEnv, facts: ProcessFacts = readFacts(env)): boolean {
  const { pid, ppid, platform, inContainer } = facts;
  // A scheduled task is not started again when it ends well.
  if (env.OPENCLAW_NO_RESPAWN === '1' || platform === 'win32') return false;
  const ownPid = env.SYSTEMD_EXEC_PID;
  if (ownPid !== undefined && ![pid, ppid].includes(Number(ownPid))) return false;
  const isOfSystemd = Boolean(env.INVOCATION_ID) && (ownPid !== undefined || !inContainer);
  return Boolean(env.OPENCLAW_SERVICE_MARKER) || isOfSystemd;
}

// --- internal ---

interface ProcessFacts extends Pick<NodeJS.Process, 'pid' | 'ppid' | 'platform'> {
  inContainer: boolean;
}

/** What Docker, Podman and Kubernetes leave in a container. */
function readFacts({ KUBERNETES_SERVICE_HOST }: NodeJS.ProcessEnv): ProcessFacts {
  const { pid, ppid, platform } = process;
  const inContainer =
    Boolean(KUBERNETES_SERVICE_HOST) || ['/.dockerenv', '/run/.containerenv'].some((file) => existsSync(file));
  return { pid, ppid, platform, inContainer };
}
