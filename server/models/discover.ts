import { request } from 'node:http';
import { z } from 'zod';
import { isEmbeddingModel } from './catalog.ts';
import { findKnownProvider, type KnownProvider } from './known-providers.ts';

/** A model server that may run on this machine. */
export interface LocalServer {
  /** `ollama`, `lmstudio` or `llamacpp`. */
  id: string;
  baseUrl: string;
}

/** A model server that does. */
export interface FoundServer extends LocalServer {
  known: KnownProvider;
  /** Ids, those that write text first; never empty. */
  models: string[];
  /** For people: who answers where, and with what. */
  reason: string;
}

/** The usual addresses of model servers on this machine, in order of preference. */
export const localServers: readonly LocalServer[] = ['ollama', 'lmstudio', 'llamacpp'].flatMap((id) => {
  const known = findKnownProvider(id);
  return known ? [{ id, baseUrl: known.baseUrl }] : [];
});

/** Milliseconds that a server on this machine gets to answer. */
const probeMs = 300;

/** Models of one server that are remembered. */
const maxModels = 200;

/** Asks all servers at once which models they have. Never rejects: a server that does not answer, or answers anything else, is not there. */
export async function discoverLocalServers(
  servers: readonly LocalServer[],
  signal: AbortSignal,
): Promise<FoundServer[]> {
  const found = await Promise.all(servers.map((server) => probe(server, signal).catch(() => undefined)));
  return found.filter((server) => server !== undefined);
}

async function probe(server: LocalServer, signal: AbortSignal): Promise<FoundServer | undefined> {
  const known = findKnownProvider(server.id);
  const url = URL.parse(server.baseUrl);
  if (!known || url?.protocol !== 'http:') return undefined;
  const limits = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
  const ids =
    known.api === 'ollama'
      ? toTags(await readJson(`${url.origin}/api/tags`, limits))
      : toModelIds(await readJson(`${server.baseUrl.replace(/\/+$/, '')}/models`, limits));
  const models = [...ids].slice(0, maxModels).sort((a, b) => Number(isEmbeddingModel(a)) - Number(isEmbeddingModel(b)));
  const first = models[0];
  if (first === undefined) return undefined;
  return { ...server, known, models, reason: `${known.name} answers on ${url.host} and has ${first}` };
}

const Tags = z.object({ models: z.array(z.object({ name: z.string().min(1) })) });

const ModelList = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ id: z.string().min(1), owned_by: z.string().optional() })),
});

function toTags(answer: unknown): string[] {
  return Tags.parse(answer).models.map(({ name }) => name.replace(/:latest$/, ''));
}

function toModelIds(answer: unknown): string[] {
  // A gateway of ours speaks the same API: one that asked itself, or another, for models would run in circles.
  return ModelList.parse(answer)
    .data.filter(({ owned_by }) => owned_by !== 'openclaw')
    .map(({ id }) => id);
}

/** With Node's own client: what a gateway does at its start must not load the one for providers. */
function readJson(url: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(url, { signal, agent: false, headers: { accept: 'application/json' } }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.destroy();
        reject(new Error(`status ${answer.statusCode}`));
        return;
      }
      const pieces: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > 1024 * 1024) answer.destroy(new Error('too much'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(pieces).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.on('error', reject);
    call.end();
  });
}
