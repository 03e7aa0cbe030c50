import { GatewayError } from '../../sdk/protocol/errors.ts';
import { startUnsupervised } from '../commands/gateway/unsupervised.ts';
import { readGatewayHere } from '../local/gateway-here.ts';
import { planLaunch } from '../service/launch.ts';
import { findService, surroundingsOf } from '../service/service.ts';
import type { Shell } from '../shell.ts';

/** The gateway that answers now, and how it came to run. */
export interface Up {
  how: 'running' | 'detached' | 'service';
  url: string;
  pid: number | undefined;
}

/** The gateway that runs here already; undefined when none answers. */
export async function findRunning(shell: Shell): Promise<Up | undefined> {
  const { runtime } = await readGatewayHere(shell);
  if (!runtime?.alive) return undefined;
  const { askOnce } = await import('../service/serving.ts');
  const serving = await askOnce(shell, runtime.pid);
  return serving && { how: 'running', url: runtime.url, pid: runtime.pid };
}

/** The supervisor's name for people when a service can be installed here; undefined where there is none. */
export async function findSupervisor(shell: Shell): Promise<string | undefined> {
  const { pointsAway } = await import('../commands/gateway/verbs.ts');
  if (pointsAway(shell) !== undefined) return undefined;
  const here = await readGatewayHere(shell);
  const { service } = await findService(await planLaunch(shell, here.port), surroundingsOf(shell));
  return service?.label;
}

/** Whether the process is that of this gateway's service. */
export async function isServed(shell: Shell, pid: number | undefined): Promise<boolean> {
  const here = await readGatewayHere(shell);
  const { service } = await findService(await planLaunch(shell, here.port), surroundingsOf(shell));
  return service !== undefined && (await service.describe()).runtime.pid === pid;
}

/** Starts a gateway that outlives this command. @throws GatewayError with what the gateway said when it does not start. */
export async function startDetachedHere(shell: Shell): Promise<Up> {
  const here = await readGatewayHere(shell);
  const launch = await planLaunch(shell, here.port);
  const found = await findService(launch, surroundingsOf(shell));
  const outcome = await startUnsupervised({ shell, args: {}, launch, found, timeoutMs: (usual) => usual });
  if (!outcome.ok) throw new GatewayError('UNAVAILABLE', outcome.message ?? outcome.result);
  return { how: 'detached', url: outcome.url ?? here.url, pid: outcome.pid };
}

/** Installs the service and has it start the gateway. What it says goes to stderr. @throws GatewayError */
export async function installHere(shell: Shell): Promise<Up> {
  const { runVerb } = await import('../commands/gateway/verbs.ts');
  const aside: Shell = {
    ...shell,
    globals: { ...shell.globals, json: false },
    out: (text) => shell.note(text.trimEnd()),
  };
  const exitCode = await runVerb(aside, 'install', {});
  const { runtime, url } = await readGatewayHere(shell);
  if (exitCode !== 0 || !runtime?.alive)
    throw new GatewayError(
      'UNAVAILABLE',
      'the service was not installed; start a gateway with: openclaw gateway start --detach',
    );
  return { how: 'service', url, pid: runtime.pid };
}
