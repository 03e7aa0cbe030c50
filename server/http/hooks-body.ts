import type { IncomingMessage } from 'node:http';
import { parseJson, toText } from './body.ts';
import { refuse } from './failure.ts';
import { isShallow, maxDepth } from './openai/fields.ts';

/**
 * What a body says: JSON, whatever it says of its type; or a form, as an object of its fields. Of a form with the one field
 * `payload` (GitHub, and buttons in Slack) that field's JSON.
 * @throws GatewayError that leaves as 400 or 415.
 */
export function toPayload(bytes: Buffer, type = ''): unknown {
  if (/^multipart\//i.test(type))
    throw refuse(415, `the body is "${type.slice(0, 100)}": send JSON, or a form that is URL-encoded`);
  const text = toText(bytes);
  if (!/^application\/x-www-form-urlencoded\b/i.test(type) || /^\s*[{[]/.test(text)) return parsePayload(text);
  const form = new URLSearchParams(text);
  const names = [...new Set(form.keys())];
  if (names.length === 1 && names[0] === 'payload') return parsePayload(form.get('payload') ?? '');
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length > 1 ? values : values[0]];
    }),
  );
}

/** Headers that templates and transforms do not see: they hold secrets. */
const hidden: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-openclaw-token']);

/** Headers as they came, those that came several times joined. */
export function toHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hidden.has(name) ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

// --- internal ---

/** Beyond some thousands of levels no template could write it down again. */
function parsePayload(text: string): unknown {
  const payload = parseJson(text, '');
  if (isShallow(payload)) return payload;
  throw refuse(400, `the body has more than ${maxDepth} levels of nesting`);
}
