import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import JSON5 from 'json5';
import { defaultPort, devPort } from '../../server/config/gateway.ts';
import { resolvePaths } from '../../server/config/paths.ts';
import type { Shell } from '../shell.ts';

/**
 * The port of this command line's gateway as far as it can be told without judging the configuration:
 * `OPENCLAW_GATEWAY_PORT`, `gateway.port`, 18789 (19001 of the profile `dev`).
 */
export async function findPort({ env, globals }: Shell): Promise<number> {
  const { configPath, profile } = resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const fallback = profile === 'dev' ? devPort : defaultPort;
  return [env.OPENCLAW_GATEWAY_PORT, await readPort(configPath), fallback].map(toPort).find(Boolean) ?? fallback;
}

// --- internal ---

async function readPort(configPath: string): Promise<unknown> {
  try {
    return JSON5.parse(await readFile(configPath, 'utf8'))?.gateway?.port;
  } catch {
    return undefined; // No file, or one that is not JSON5: the commands that judge it say so.
  }
}

function toPort(port: unknown): number | undefined {
  const text = String(port ?? '').trim();
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 65_535 ? value : undefined;
}
