import type { Config } from '../config/config.ts';
import { type CatalogEntry, type Env, readCatalog, toLocalEntry } from './catalog.ts';
import { discoverLocalServers, type FoundServer, type LocalServer } from './discover.ts';

/** The providers that can be named right now: those of the configuration, of the environment and of this machine. */
export interface Offer {
  /** In the order in which they are preferred. */
  entries(): CatalogEntry[];
  /** Looks for the local servers that were not asked yet, or for all of them `again`. Never rejects. */
  discover(servers: readonly LocalServer[], signal: AbortSignal, how?: { again: boolean }): Promise<void>;
  /** Takes another configuration; what it leaves as it is stays the same entry. Answers the entries that are gone. */
  renew(config: Config): CatalogEntry[];
}

export function createOffer(config: Config, env: Env): Offer {
  /** Entries as they were read, before servers added their models. */
  let read = readWithPrint(config, env);
  let entries = read.map(({ entry }) => entry);
  let asked = new Set<string>();
  /** Configured providers whose models a server told. */
  const filled = new WeakSet<CatalogEntry>();
  const found = new Map<string, { server: FoundServer; local: CatalogEntry }>();

  function add({ server, local }: { server: FoundServer; local: CatalogEntry }): void {
    const configured = entries.find(({ id }) => id === server.id);
    if (!configured) entries.push(local);
    // A configured provider keeps the models that the configuration lists.
    else if (configured.models.length === 0 || filled.has(configured)) {
      filled.add(configured);
      const { models, reason } = local;
      Object.assign(configured, { models, reason, embeddingModel: configured.embeddingModel ?? local.embeddingModel });
    }
  }

  return {
    entries: () => entries,
    async discover(servers, signal, { again } = { again: false }) {
      const near = serversOf(servers, entries);
      const toAsk = again ? near : near.filter((server) => !asked.has(addressOf(server)));
      asked = new Set([...asked, ...toAsk.map(addressOf)]);
      for (const server of await discoverLocalServers(toAsk, signal)) {
        const local = toLocalEntry(server.known, server.baseUrl, server);
        const earlier = found.get(addressOf(server))?.local;
        // Whoever holds the entry sees what the server has now.
        if (earlier) Object.assign(earlier, { models: local.models, reason: local.reason });
        found.set(addressOf(server), { server, local: earlier ?? local });
        // The configuration may have moved it while it was asked.
        if (serversOf([server], entries).some((still) => addressOf(still) === addressOf(server)))
          add({ server, local: earlier ?? local });
      }
    },
    renew(next) {
      const before = entries;
      const known = new Map(read.map(({ entry, print }) => [print, entry]));
      read = readWithPrint(next, env).map(({ entry, print }) => ({ entry: known.get(print) ?? entry, print }));
      entries = read.map(({ entry }) => entry);
      for (const one of found.values())
        if (serversOf([one.server], entries).some((still) => addressOf(still) === addressOf(one.server))) add(one);
      return before.filter((entry) => !entries.includes(entry));
    },
  };
}

function readWithPrint(config: Config, env: Env): { entry: CatalogEntry; print: string }[] {
  return readCatalog(config, env).map((entry) => ({ entry, print: JSON.stringify(entry) }));
}

const addressOf = ({ id, baseUrl }: LocalServer) => `${id} ${baseUrl}`;

/** Servers to ask: one that the configuration moved is asked where it is, when that is this machine. */
function serversOf(servers: readonly LocalServer[], entries: readonly CatalogEntry[]): LocalServer[] {
  return servers.flatMap((server) => {
    const moved = entries.find(({ id }) => id === server.id);
    if (!moved) return [server];
    const host = URL.parse(moved.baseUrl)?.hostname ?? '';
    return ['127.0.0.1', 'localhost', '[::1]'].includes(host) ? [{ ...server, baseUrl: moved.baseUrl }] : [];
  });
}
