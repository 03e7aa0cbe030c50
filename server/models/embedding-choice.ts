import { GatewayError } from '../../sdk/protocol/errors.ts';
import { type CatalogEntry, isEmbeddingModel } from './catalog.ts';
import { findNearest } from './nearest.ts';
import type { EmbeddingInput } from './provider.ts';
import { splitReference } from './reference.ts';
import { decodeTokens } from './tokens.ts';

/** A provider and its model for embeddings. */
export interface EmbeddingTarget {
  entry: CatalogEntry;
  id: string;
}

/**
 * What a reference leads to: the model itself when it is one for embeddings, else that of its provider. A bare id is the model
 * of that name: of the provider that lists it, else of OpenAI where it is one of theirs. Undefined when there is none.
 * @param isAsked true when a caller names just that model: then its provider is asked for one that nothing is known of.
 */
export function embeddingOf(
  reference: string,
  entries: readonly CatalogEntry[],
  isAsked: boolean,
): EmbeddingTarget | undefined {
  const { provider, model } = splitReference(reference);
  const named = entries.find(({ id }) => id === provider);
  const entry =
    named ?? entries.find((each) => each.models.some(({ id }) => id === reference)) ?? ownerOf(reference, entries);
  if (!entry || entry.obstacle) return undefined;
  const id = named ? model : reference;
  const isKnown = entry.models.some((listed) => listed.id === id);
  const chosen = isEmbeddingModel(id) ? id : (entry.embeddingModel ?? (isAsked && !isKnown ? id : undefined));
  return chosen === undefined ? undefined : { entry, id: chosen };
}

/** The refusal of a reference that leads to no embeddings. */
export function withoutEmbeddings(reference: string, entries: readonly CatalogEntry[]): GatewayError {
  const usable = entries.filter(({ obstacle, embeddingModel }) => !obstacle && embeddingModel);
  const known = usable.map(({ id, embeddingModel }) => `${id}/${embeddingModel}`);
  const there = known.length > 0 ? ` There are ${findNearest(reference, known, 3).join(', ')}.` : '';
  const message = `"${reference.slice(0, 200)}" is no model for embeddings that is set up here.${there} "openclaw" takes those of the default agent.`;
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'MODEL_NOT_FOUND', param: 'model' } });
}

/** Texts, with tokens written out. @throws GatewayError INVALID_REQUEST for tokens that stand for nothing. */
export async function toTexts(inputs: readonly EmbeddingInput[]): Promise<string[]> {
  const texts: string[] = [];
  for (const [at, input] of inputs.entries()) {
    const text = typeof input === 'string' ? input : await decodeTokens(input);
    if (text === undefined) throw invalid(`input[${at}]`, 'has a token that is not one of cl100k_base; send the text');
    texts.push(text);
  }
  return texts;
}

/** @throws GatewayError INVALID_REQUEST when a model gave vectors of its own length in place of the one asked for. */
export function checkDimensions(
  given: number | undefined,
  asked: number | undefined,
  { entry, id }: EmbeddingTarget,
): void {
  if (asked === undefined || given === undefined || given === asked) return;
  throw invalid(
    'dimensions',
    `${entry.id}/${id} has ${given} dimensions and cannot give ${asked}; leave dimensions out`,
  );
}

// --- internal ---

/** The provider that has a model without listing it: its own for embeddings, or any of OpenAI's. */
function ownerOf(id: string, entries: readonly CatalogEntry[]): CatalogEntry | undefined {
  if (id.includes('/')) return undefined;
  const isOpenAIs = /^text-embedding-(3|ada)/.test(id);
  return entries.find((entry) => entry.embeddingModel === id || (isOpenAIs && entry.id === 'openai'));
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `${param}: ${message}`, { details: { param } });
}
