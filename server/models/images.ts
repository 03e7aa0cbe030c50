import type { CatalogModel } from './catalog.ts';
import type { ModelEvent, ModelMessage, ModelRequest } from './provider.ts';

/** True for a model of which the configuration says that it reads text only. */
const isBlind = (listed: CatalogModel | undefined): boolean =>
  listed?.input !== undefined && !listed.input.includes('image');

const hasImage = (message: ModelMessage | undefined) =>
  message?.role === 'user' && message.content.some((part) => part.type === 'image');

/** The failure of a call whose newest message has an image that the model cannot read; undefined for all others. */
export function refuseImages(
  listed: CatalogModel | undefined,
  { messages }: ModelRequest,
  { provider, model }: { provider: string; model: string },
): AsyncIterable<ModelEvent> | undefined {
  if (!isBlind(listed) || !hasImage(messages.findLast(({ role }) => role === 'user'))) return undefined;
  const place = `models.providers.${provider}.models[].input`;
  const message = `${provider}/${model} reads no images: choose a model that does, or add "image" to its ${place}`;
  return failOnce({ type: 'failure', failure: { kind: 'bad_request', message, provider, model, retryable: false } });
}

/** Leaves images of earlier messages out, which were made for another model. */
export function withoutImages(listed: CatalogModel | undefined, request: ModelRequest): ModelRequest {
  if (!isBlind(listed) || !request.messages.some(hasImage)) return request;
  return { ...request, messages: request.messages.map(describeImages) };
}

// --- internal ---

function describeImages(message: ModelMessage): ModelMessage {
  if (message.role !== 'user' || !hasImage(message)) return message;
  const content = message.content.map((part) =>
    part.type === 'image' ? { type: 'text' as const, text: '(an image, which you cannot see)' } : part,
  );
  return { ...message, content };
}

async function* failOnce(event: ModelEvent): AsyncGenerator<ModelEvent> {
  yield event;
}
