/**
 * Whether something starts this process anew once it has ended: our unit says so, or systemd does, of this very process. Of a
 * shell that a service has started the variables are inherited, and nobody would start the gateway again.
 */
export function isSupervised(env: NodeJS.ProcessEnv, { pid, ppid, platform }: ProcessFacts = process): boolean {
  // A scheduled task is not started again when it ends well.
  if (env.OPENCLAW_NO_RESPAWN === '1' || platform === 'win32') return false;
  const ownPid = env.SYSTEMD_EXEC_PID;
  const isOwn = ownPid === undefined || [pid, ppid].includes(Number(ownPid));
  return isOwn && Boolean(env.OPENCLAW_SERVICE_MARKER || env.INVOCATION_ID);
}

type ProcessFacts = Pick<NodeJS.Process, 'pid' | 'ppid' | 'platform'>;
