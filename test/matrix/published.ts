import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Errors } from 'typebox/schema';

/** The part of JSON Schema that the published protocol is written in. */
export interface PublishedSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: PublishedSchema[];
  oneOf?: PublishedSchema[];
  allOf?: PublishedSchema[];
  properties?: Record<string, PublishedSchema>;
  required?: string[];
  items?: PublishedSchema;
  minLength?: number;
  minimum?: number;
  minItems?: number;
  pattern?: string;
  $ref?: string;
}

const require = createRequire(import.meta.url);
const entry = require.resolve('@openclaw/gateway-protocol/version');
const { definitions } = JSON.parse(readFileSync(new URL('../protocol.schema.json', `file://${entry}`), 'utf8')) as {
  definitions: Record<string, PublishedSchema>;
};

/** Definitions whose name does not follow from the method's. */
const oddNames: Record<string, string> = {
  'agent.identity.get params': 'AgentIdentityParams',
  'agent.identity.get result': 'AgentIdentityResult',
  'config.schema result': 'ConfigSchemaResponse',
};

/** The published definition of what a method takes or gives; undefined when it has none. */
export function definitionOf(method: string, of: 'params' | 'result'): string | undefined {
  const words = method.split(/[.-]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const name = oddNames[`${method} ${of}`] ?? `${words.join('')}${of === 'params' ? 'Params' : 'Result'}`;
  return name in definitions ? name : undefined;
}

/** Members of published parameters: their names, and what may stand there. */
export function membersOf(definition: string): [string, PublishedSchema][] {
  const schema = definitions[definition] ?? {};
  const parts = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const members = new Map(parts.flatMap(({ properties = {} }) => Object.entries(properties)));
  return [...members];
}

/** Whether the published protocol takes a value for a member. */
export const fits = (schema: PublishedSchema, value: unknown): boolean => Errors(schema, value)[0];

/** Some value that the published protocol takes; undefined when none is easily found. */
export function sampleOf(schema: PublishedSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(sampleOf).find((sample) => sample !== undefined);
  const sample = sampleOfType(schema);
  return sample !== undefined && fits(schema, sample) ? sample : undefined;
}

/** Values of several types, to find one that does not fit. */
export const misfits: readonly unknown[] = [['wrong', 1], 'wrong \u0000', -1.5, true, { wrong: 1 }];

// --- internal ---

function sampleOfType({ type, ...schema }: PublishedSchema): unknown {
  if (type === 'string') return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => schema.items && sampleOf(schema.items));
  if (type !== 'object') return undefined;
  const required = (schema.required ?? []).map((name) => [name, sampleOf(schema.properties?.[name] ?? {})]);
  return Object.fromEntries(required);
}
