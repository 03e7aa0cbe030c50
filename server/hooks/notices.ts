import { relative, sep } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { type HookSettings, resolveHooks, transformsRoot } from './settings.ts';

/** A function that says in the log what a person should know of the settings in effect, when they are others than before. */
export function createNotices(stateDir: string, log: Log, config: () => Config): () => void {
  let before = 'undefined';
  return () => {
    const settings = resolveHooks(config(), stateDir);
    const now = JSON.stringify(settings) ?? 'undefined';
    if (now === before) return;
    before = now;
    if (!settings) return log.info('hooks are off');
    const { path, mappings } = settings;
    log.info(`hooks are answered at ${path}`, { mappings: mappings.map(({ id }) => id) });
    for (const warning of findWarnings(settings, stateDir)) log.warn(warning);
  };
}

// --- internal ---

function findWarnings({ token, mappings, transformsDir, agentIds }: HookSettings, stateDir: string): string[] {
  const unmarked = mappings.filter(({ isUnmarked }) => isUnmarked);
  const secretless = mappings.filter(({ signature }) => signature && signature.secret === undefined);
  const path = relative(transformsRoot(stateDir), transformsDir);
  const isOutside = path === '..' || path.startsWith(`..${sep}`) || path.startsWith(sep);
  return [
    ...unmarked.map(
      ({ id }) => `mapping ${id}: allowUnsafeExternalContent lets its senders speak to the model as you do`,
    ),
    ...(token === undefined ? ['hooks.token is not available: hooks without a signature are refused'] : []),
    ...secretless.map(({ id }) => `mapping ${id}: the secret of its signature is not available: it is refused`),
    ...(isOutside ? [`hooks.transformsDir lies outside of ${transformsRoot(stateDir)}: no transform is loaded`] : []),
    ...(agentIds?.length === 0 ? ['hooks.allowedAgentIds is empty: hooks reach no agent'] : []),
  ];
}
