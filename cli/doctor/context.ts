import type { GatewayHere } from '../local/gateway-here.ts';
import type { PortHolder } from '../local/port-holders.ts';
import type { Probe } from '../local/probe.ts';
import type { Description, Service } from '../service/service.ts';
import type { Shell } from '../shell.ts';
import { type Reading, readConfiguration } from './reading.ts';

/** What the checks look at. What takes a process or a socket is asked once, and only when a check wants it. */
export interface DoctorContext {
  shell: Shell;
  here: GatewayHere;
  reading: Reading;
  /** How the command line is called for this gateway, for hints: `openclaw --profile work`. */
  command: string;
  /** True to make a gateway token where there is none. */
  generateToken: boolean;
  /** One attempt to reach the gateway of this machine, with the credentials that are found for it. */
  probe(): Promise<Probe>;
  /** Who listens on the port of the gateway; undefined when no tool can tell. */
  holders(): Promise<PortHolder[] | undefined>;
  /** The service of this gateway; undefined where there is no supervisor. */
  service(): Promise<{ service: Service; description: Description } | undefined>;
}

/** Reads what is on this machine; asks nobody yet. */
export async function createContext(shell: Shell, { generateToken = false } = {}): Promise<DoctorContext> {
  const { readGatewayHere } = await import('../local/gateway-here.ts');
  const here = await readGatewayHere(shell);
  const reading = await readConfiguration(here.paths.configPath, shell.env);
  return {
    shell,
    here,
    reading,
    command: here.profile ? `openclaw --profile ${here.profile}` : 'openclaw',
    generateToken,
    probe: once(() => probeNamed(shell)),
    holders: once(async () => {
      const { findPortHolders } = await import('../local/port-holders.ts');
      return findPortHolders(here.port, { env: shell.env });
    }),
    service: once(async () => {
      const { openService } = await import('../service/service.ts');
      const service = await openService(shell);
      const description = await service?.describe();
      // With its paths elsewhere, the service of this account is that of another gateway.
      const isOther = description?.configPath !== undefined && description.configPath !== here.paths.configPath;
      return service && description && !isOther ? { service, description } : undefined;
    }),
  };
}

// --- internal ---

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

/** With the credentials that any other command would send. */
async function probeNamed(shell: Shell): Promise<Probe> {
  const { findTarget, probeTarget } = await import('../local/target.ts');
  return probeTarget(await findTarget(shell), shell);
}
