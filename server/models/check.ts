import { z } from 'zod';
import type { CatalogEntry } from './catalog.ts';

/** What a provider said when it was asked for its models. */
export interface ProviderCheck {
  status: 'ready' | 'auth-rejected' | 'unavailable';
  /** Ids that it named; bounded. */
  models: readonly string[];
  /** When it was asked, milliseconds since the epoch. */
  at: number;
}

/** Milliseconds that a provider gets to answer. */
const checkMs = 8000;
/** Bytes of an answer, and models of one provider, that are read. */
const maxBytes = 4 * 1024 * 1024;
const maxModels = 1000;

/**
 * Asks a provider for its models, which tells whether its key is taken. Undefined when that tells nothing: many compatible
 * servers have no list. Never rejects; the key goes nowhere but to the provider's own address.
 */
export async function checkProvider(entry: CatalogEntry, signal: AbortSignal): Promise<ProviderCheck | undefined> {
  const at = Date.now();
  const failed = { status: 'unavailable' as const, models: [], at };
  if (entry.obstacle) return undefined;
  const limits = AbortSignal.any([signal, AbortSignal.timeout(checkMs)]);
  try {
    const answer = await fetch(toListUrl(entry), { headers: toHeaders(entry), signal: limits, redirect: 'manual' });
    if (answer.status === 401 || answer.status === 403) return { ...failed, status: 'auth-rejected' };
    if (answer.status >= 500 || answer.status === 429) return failed;
    if (answer.status !== 200) return undefined;
    return { status: 'ready', models: toIds(await readBounded(answer)), at };
  } catch {
    // No answer, or one that is cut off: the provider is not there for now.
    return failed;
  }
}

// --- internal ---

function toListUrl({ api, baseUrl }: CatalogEntry): string {
  if (api === 'ollama') return `${baseUrl.replace(/\/v1$/, '')}/api/tags`;
  if (api === 'anthropic-messages') return `${baseUrl.replace(/\/v1$/, '')}/v1/models?limit=1000`;
  return api === 'google-generative-ai' ? `${baseUrl}/models?pageSize=1000` : `${baseUrl}/models`;
}

function toHeaders({ api, apiKey, headers }: CatalogEntry): Record<string, string> {
  const key = apiKey ?? '';
  const own: Record<string, string> =
    api === 'anthropic-messages'
      ? { 'x-api-key': key, 'anthropic-version': '2023-06-01' }
      : api === 'google-generative-ai'
        ? { 'x-goog-api-key': key }
        : { authorization: `Bearer ${key}` };
  return { accept: 'application/json', ...(apiKey === undefined ? {} : own), ...headers };
}

async function readBounded(answer: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cuts the connection.
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // A server that answers, though not with a list.
    return undefined;
  }
}

/** OpenAI and Anthropic have `data[].id`, Google `models[].name` below `models/`, Ollama `models[].name`. */
const List = z.union([
  z.object({ data: z.array(z.object({ id: z.string().min(1) })) }).transform(({ data }) => data.map(({ id }) => id)),
  z
    .object({ models: z.array(z.object({ name: z.string().min(1) })) })
    .transform(({ models }) => models.map(({ name }) => name.replace(/^models\//, '').replace(/:latest$/, ''))),
]);

function toIds(list: unknown): string[] {
  const ids = List.safeParse(list).data ?? [];
  return [...new Set(ids)].slice(0, maxModels);
}
