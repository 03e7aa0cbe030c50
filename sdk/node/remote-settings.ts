import { readConfigFile } from './config-file.ts';
import { readConfigured } from './places.ts';
import type { Environment } from './secret-input.ts';
import { findStateDir } from './state-dir.ts';

/** How the machine of `gateway.remote` is reached by SSH, and what opens the gateway there. */
export interface RemoteSettings {
  sshTarget: string | undefined;
  sshIdentity: string | undefined;
  sshHostKeyPolicy: string | undefined;
  remotePort: number | undefined;
  secrets: { token?: string; password?: string };
  tlsFingerprint: string | undefined;
}

/** Reads `gateway.remote` of the configuration of this profile, as leniently as everything that a client reads. */
export async function readRemoteSettings(env: Environment): Promise<RemoteSettings> {
  const stateDir = findStateDir(env);
  const config = (await readConfigFile(stateDir.configPath)) as { gateway?: { remote?: Record<string, unknown> } };
  const { sshTarget, sshIdentity, sshHostKeyPolicy, remotePort } = config.gateway?.remote ?? {};
  const { remote } = await readConfigured(stateDir, env);
  return {
    sshTarget: toText(sshTarget),
    sshIdentity: toText(sshIdentity),
    sshHostKeyPolicy: toText(sshHostKeyPolicy),
    remotePort: typeof remotePort === 'number' ? remotePort : undefined,
    secrets: Object.fromEntries(
      remote.secrets.flatMap(({ kind, value }) => (value === undefined ? [] : [[kind, value]])),
    ),
    tlsFingerprint: remote.pin?.tlsFingerprint,
  };
}

const toText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
