import { isMeant } from './groups.ts';

/**
 * Tools that `POST /tools/invoke` refuses unless `gateway.tools.allow` names them, as the published gateway refuses them:
 * who holds the secret of the gateway reaches its agents, and not the machine behind them.
 */
const refusedOverHttp = [
  'exec',
  'spawn',
  'shell',
  'fs_write',
  'fs_delete',
  'fs_move',
  'apply_patch',
  'sessions_spawn',
  'sessions_send',
  'cron',
  'gateway',
  'nodes',
] as const;

/** What an entry of these lists means besides itself: the tools of this gateway that write files. */
const alsoMeant: Readonly<Record<string, readonly string[]>> = { fs_write: ['write', 'edit'] };

/**
 * Why a tool cannot be called over HTTP, for people; undefined when it can. The same for a name that no tool has.
 * @param setting `gateway.tools`; `deny` wins over `allow`.
 */
export function refusalOverHttp(
  name: string,
  setting: { allow?: readonly string[] | undefined; deny?: readonly string[] | undefined } = {},
): string | undefined {
  const called = name.toLowerCase();
  const isOneOf = (entries: readonly string[] = []) => entries.some((entry) => means(entry, called));
  if (isOneOf(setting.deny)) return 'gateway.tools.deny names it';
  if (!isOneOf(refusedOverHttp) || isOneOf(setting.allow)) return undefined;
  return 'it is refused over HTTP unless gateway.tools.allow names it';
}

// --- internal ---

function means(entry: string, name: string): boolean {
  return isMeant(entry, name) || (alsoMeant[entry.trim().toLowerCase()] ?? []).includes(name);
}
