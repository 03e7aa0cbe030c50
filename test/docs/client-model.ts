import { embedNumbers, place, take } from '../clients/fixture.ts';
import type { Respond } from '../upstream.ts';

interface Asked {
  messages: { role: string }[];
  tools?: { function: { name: string } }[];
  response_format?: { type: string };
}

/** A model that does what the pages about clients ask of one: calls the tool that it is offered, keeps to a schema, embeds. */
export const obligingModel: Respond = (request, res) => {
  if (request.url.endsWith('/embeddings')) return embedNumbers(request, res);
  const { messages, tools = [], response_format: format } = request.body as Asked;
  const isOffered = tools.some((tool) => tool.function.name === 'stock');
  if (isOffered && messages.at(-1)?.role !== 'tool')
    return take({ calls: [{ id: 'call-1', name: 'stock', args: { city: 'Graz' } }] })(request, res);
  if (messages.at(-1)?.role === 'tool') return take({ text: ['There are', ' forty.'] })(request, res);
  if (format?.type === 'json_schema') return take({ text: [JSON.stringify(place)] })(request, res);
  return take({ text: ['Hello', ' to you.'] })(request, res);
};
