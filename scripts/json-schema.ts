import { z } from 'zod';
import * as protocol from '../sdk/protocol/entry.ts';
import type { Schema } from '../sdk/protocol/method.ts';

/** The part of JSON Schema that the contract's shapes come out as. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  not?: object;
  $defs?: Record<string, JsonSchema>;
}

/** The nouns of the contract by name: schemas that `@openclaw/sdk/protocol` exports under a capital letter. */
const nouns = new Map<string, z.ZodType>(
  Object.entries(protocol as Record<string, unknown>)
    .filter((entry): entry is [string, z.ZodType] => /^[A-Z]/.test(entry[0]) && entry[1] instanceof z.ZodType)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

const named = z.registry<{ id: string }>();
for (const [id, schema] of nouns) named.add(schema, { id });

/** A schema with every noun in it as a `$ref` to `#/$defs/<noun>`. */
export function toJsonSchema(schema: Schema, io: 'input' | 'output'): JsonSchema {
  const id = named.get(schema as z.ZodType)?.id;
  if (id) return { $ref: `#/$defs/${id}` };
  return z.toJSONSchema(schema as z.ZodType, { io, metadata: named, unrepresentable: 'any' }) as JsonSchema;
}

/** Every noun with its own fields, by name. */
export function nounSchemas(): Map<string, JsonSchema> {
  const wrapped = z.object(Object.fromEntries(nouns));
  const { $defs = {} } = z.toJSONSchema(wrapped, {
    io: 'output',
    metadata: named,
    unrepresentable: 'any',
  }) as JsonSchema;
  return new Map([...nouns.keys()].flatMap((name) => ($defs[name] ? [[name, $defs[name]]] : [])));
}
