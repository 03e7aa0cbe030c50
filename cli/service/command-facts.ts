import { join } from 'node:path';

/** What an installed command line says about the gateway that it starts: its port, its configuration file. */
export function factsOfCommand(
  command: string[] | undefined,
  environment: Readonly<Record<string, string>>,
  home: string,
): { command: string[] | undefined; port: number | undefined; configPath: string } {
  const at = command?.indexOf('--port') ?? -1;
  const port = Number(at < 0 ? environment.OPENCLAW_GATEWAY_PORT : command?.[at + 1]) || undefined;
  const profile = environment.OPENCLAW_PROFILE;
  const folder = join(
    environment.OPENCLAW_HOME ?? environment.HOME ?? home,
    `.openclaw${profile ? `-${profile}` : ''}`,
  );
  const stateDir = environment.OPENCLAW_STATE_DIR ?? folder;
  return { command, port, configPath: environment.OPENCLAW_CONFIG_PATH ?? join(stateDir, 'openclaw.json') };
}
