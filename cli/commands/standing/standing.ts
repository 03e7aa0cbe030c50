import type { ConfigHere } from '../../local/config-here.ts';
import { readConfigHere } from '../../local/config-here.ts';
import { type ExtraUnit, findExtraUnits } from '../../local/extra-units.ts';
import { type GatewayHere, readGatewayHere } from '../../local/gateway-here.ts';
import { findPortHolders, type PortHolder } from '../../local/port-holders.ts';
import type { Probe } from '../../local/probe.ts';
import { findTarget, findTargetOnPort, probeTarget, type Target } from '../../local/target.ts';
import { withProgress } from '../../progress.ts';
import { planLaunch } from '../../service/launch.ts';
import { findProcess, type ProcessHere } from '../../service/process-here.ts';
import { type Description, findService, type Service, surroundingsOf } from '../../service/service.ts';
import type { Shell } from '../../shell.ts';

/** How things stand with the gateway of this command line: what this machine knows, and what the gateway answered. */
export interface Standing {
  here: GatewayHere;
  target: Target;
  /** False for a gateway on another machine. */
  isLocal: boolean;
  /** Undefined when it was not to be asked. */
  probe: Probe | undefined;
  process: ProcessHere;
  supervisor: Supervisor;
  /** The configuration that the service reads; undefined without one. */
  serviceConfig: ConfigHere | undefined;
  port: PortHere;
  extraServices: ExtraUnit[];
}

/** The supervisor of this machine with this gateway's service, or why there is none. */
export type Supervisor =
  | { service: Service; description: Description; missing?: undefined }
  | { service?: undefined; description?: undefined; missing: string };

/** The port that clients of this machine find the gateway at. */
export interface PortHere {
  port: number;
  /** What names it. */
  source: string;
  status: 'busy' | 'free' | 'unknown';
  /** Undefined when nobody was asked, or no tool could tell. */
  listeners: PortHolder[] | undefined;
}

export interface Wish {
  /** Look at this port of this machine. */
  port?: number | undefined;
  /** Whether the gateway itself is asked. */
  probe: boolean;
  /** Whether the system is asked who listens. */
  holders: boolean;
  /** Services of the machine as well as those of the account. */
  deep: boolean;
}

/** Looks at everything at once, so that the slowest look is all the time it takes. @throws GatewayError bad usage. */
export async function lookAtGateway(shell: Shell, wish: Wish): Promise<Standing> {
  const here = await readGatewayHere(shell);
  const target = await (wish.port === undefined ? findTarget(shell) : findTargetOnPort(shell, wish.port));
  const { port, source } = toPort(here, wish.port);
  const isLocal = isOfThisMachine(target.url);
  const [probe, supervisor, holders] = await Promise.all([
    wish.probe
      ? withProgress(shell, { what: `Asking ${target.url}`, work: probeTarget(target, shell) })
      : Promise.resolve(undefined),
    findSupervisor(shell, port),
    wish.holders ? findPortHolders(port, { env: shell.env }) : Promise.resolve(undefined),
  ]);
  const { description } = supervisor;
  return {
    here,
    target,
    isLocal,
    probe,
    supervisor,
    port: { port, source, status: toStatus(holders, isLocal ? probe : undefined), listeners: holders },
    ...(await lookAround(shell, { here, probe, isLocal, description, deep: wish.deep })),
  };
}

// --- internal ---

interface Around {
  here: GatewayHere;
  probe: Probe | undefined;
  isLocal: boolean;
  description: Description | undefined;
  deep: boolean;
}

async function lookAround(shell: Shell, { here, probe, isLocal, description, deep }: Around) {
  const configPath = description?.installed ? description.configPath : undefined;
  const [process, extraServices, serviceConfig] = await Promise.all([
    findProcess({ here, service: description, probe, isLocal }),
    findExtraUnits({ env: shell.env, own: description?.unitPath, deep }),
    configPath === undefined || configPath === here.config.path
      ? configPath && here.config
      : readConfigHere(configPath, shell.env),
  ]);
  return { process, extraServices, serviceConfig: serviceConfig || undefined };
}

function toPort(here: GatewayHere, asked: number | undefined): Pick<PortHere, 'port' | 'source'> {
  if (asked !== undefined) return { port: asked, source: '--port' };
  const { runtime, url, port, portSource } = here;
  if (runtime === undefined || url !== runtime.url) return { port, source: portSource };
  return { port: Number(new URL(url).port) || port, source: runtime.path };
}

async function findSupervisor(shell: Shell, port: number): Promise<Supervisor> {
  const found = await findService(await planLaunch(shell, port), surroundingsOf(shell));
  if (!found.service) return { missing: found.missing };
  return { service: found.service, description: await found.service.describe() };
}

/** What a refused connection says, nobody has to be asked for. */
function toStatus(holders: readonly PortHolder[] | undefined, probe: Probe | undefined): PortHere['status'] {
  if (probe?.reachable || (holders && holders.length > 0)) return 'busy';
  if (probe?.connect.error?.message.includes('ECONNREFUSED')) return 'free';
  // A tool that sees nobody may only not be allowed to see them.
  return holders === undefined || probe ? 'unknown' : 'free';
}

function isOfThisMachine(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
