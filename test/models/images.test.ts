import { expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import type { ModelMessage } from '../../server/models/provider.ts';
import { pieces, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, never, textOf } from './calling.ts';

const answer = [`data: ${JSON.stringify({ choices: [{ delta: { content: 'seen' } }] })}\n\n`, 'data: [DONE]\n\n'];
const image = { type: 'image' as const, mimeType: 'image/png', data: 'AAAA' };
const text = (words: string) => ({ type: 'text' as const, text: words });
const said: ModelMessage = { role: 'assistant', content: [text('ok')] };

const offering = (baseUrl: string): Config => ({
  models: {
    providers: {
      up: {
        baseUrl: `${baseUrl}/v1`,
        models: [{ id: 'blind', input: ['text'] }, { id: 'seeing', input: ['text', 'image'] }, { id: 'untold' }],
      },
    },
  },
});

it('does not ask a model about an image of which the configuration says that it reads text only', async () => {
  await using server = await startUpstream(pieces('text/event-stream', answer));
  await using registry = createTestRegistry(offering(server.url));
  const messages: ModelMessage[] = [{ role: 'user', content: [text('look'), image] }];
  expect(await collect(registry.find('up/blind').stream({ messages }, never))).toEqual([
    {
      type: 'failure',
      failure: {
        kind: 'bad_request',
        provider: 'up',
        model: 'blind',
        retryable: false,
        message:
          'up/blind reads no images: choose a model that does, or add "image" to its models.providers.up.models[].input',
      },
    },
  ]);
  expect(server.requests).toEqual([]);
  for (const id of ['up/seeing', 'up/untold', 'up/unlisted'])
    expect(textOf(await collect(registry.find(id).stream({ messages }, never)))).toBe('seen');
  expect(JSON.stringify(server.requests.map(({ body }) => body)).match(/data:image\/png;base64,AAAA/g)).toHaveLength(3);
});

it('leaves images of earlier messages out for such a model, and says so', async () => {
  await using server = await startUpstream(pieces('text/event-stream', answer));
  await using registry = createTestRegistry(offering(server.url));
  const messages: ModelMessage[] = [
    { role: 'user', content: [text('look'), image] },
    said,
    { role: 'user', content: [text('and now?')] },
  ];
  expect(textOf(await collect(registry.find('up/blind').stream({ messages }, never)))).toBe('seen');
  const sent = JSON.stringify(server.requests.map(({ body }) => body));
  expect(sent).toContain('(an image, which you cannot see)');
  expect(sent).not.toContain('AAAA');
  // What was asked for is not changed.
  expect(messages[0]).toEqual({ role: 'user', content: [text('look'), image] });
});
