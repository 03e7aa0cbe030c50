import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Errors } from 'typebox/schema';

interface Published {
  definitions: Record<string, object>;
}

/** The published schema, with members allowed that it does not know: published clients ignore those. */
const published = JSON.parse(readPublished(), (name, value: unknown) =>
  name === 'additionalProperties' && value === false ? undefined : value,
) as Published;

/** What is not as the published protocol says about a value; empty when all is well. */
export function faultsOf(definition: string, value: unknown): string[] {
  const schema = published.definitions[definition];
  if (!schema) throw new Error(`the published protocol has no ${definition}`);
  const [, faults] = Errors(schema, value);
  return faults.map(({ instancePath, message }) => `${definition}${instancePath} ${message}`);
}

function readPublished(): string {
  const require = createRequire(import.meta.url);
  const entry = require.resolve('@openclaw/gateway-protocol/version');
  return readFileSync(new URL('../protocol.schema.json', `file://${entry}`), 'utf8');
}
