import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { ConfigHint, ConfigSchemaChild, ConfigSchemaNode } from '../../sdk/protocol/config-schema.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { actedOn } from './acted-on.ts';
import { helpOf } from './hints.ts';
import { isPlainObject } from './key-path.ts';
import { type KeyNode, keyTree, takesSecret } from './key-tree.ts';
import { namespaces } from './keys.ts';
import { reloadKindOf } from './reload-kind.ts';
import { namespaceSchema } from './schema.ts';

/** What the configuration may hold, for forms and for people. */
export interface ConfigDescription {
  /** Every key. Made at the first question, one namespace after the other, so that nobody waits for all of it. */
  whole(): Promise<WholeDescription>;
  /** One key. @throws GatewayError INVALID_REQUEST for a path that no key has. */
  lookUp(path: string): ConfigSchemaNode;
}

export interface WholeDescription {
  /** JSON Schema, draft 2020-12. */
  schema: JsonSchema;
  /** By the key's path, with `*` for names of the user's choice. */
  uiHints: Record<string, ConfigHint>;
  version: string;
  /** ISO 8601. */
  generatedAt: string;
}

type JsonSchema = Record<string, unknown>;

/** @param version of this gateway. */
export function describeConfig(version: string): ConfigDescription {
  const schemas = new Map<string, JsonSchema>();
  const schemaOf = (place: Place): JsonSchema => {
    const known = schemas.get(place.key);
    if (known) return known;
    const zodSchema = namespaceSchema(place.key);
    const { $schema: _, ...plain } = zodSchema
      ? (z.toJSONSchema(zodSchema, { unrepresentable: 'any' }) as JsonSchema)
      : {};
    const schema = annotate(plain, place);
    schemas.set(place.key, schema);
    return schema;
  };

  const describe = async (): Promise<WholeDescription> => {
    const properties: Record<string, JsonSchema> = {};
    const uiHints: Record<string, ConfigHint> = {};
    for (const place of root().children) {
      properties[place.key] = schemaOf(place);
      for (const [path, hint] of listHints(place)) uiHints[path] = hint;
      await setImmediate();
    }
    const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties };
    return {
      schema: { ...schema, additionalProperties: false },
      uiHints,
      version,
      generatedAt: new Date().toISOString(),
    };
  };
  let whole: Promise<WholeDescription> | undefined;

  return {
    whole() {
      whole ??= describe();
      return whole;
    },
    lookUp(path) {
      let place = root();
      let schema: JsonSchema | undefined = { type: 'object', additionalProperties: false };
      for (const step of toSteps(path)) {
        const next = childOf(place, step);
        if (!next) throw unknownPath();
        schema = place.path === '' ? schemaOf(next) : schema && schemaBelow(schema, next.key);
        place = next;
      }
      // Below the root are whole namespaces, whose schemas take too long to make for a list of their names.
      const below = place.path === '' ? undefined : schema;
      return toNode(place, schema ?? {}, ({ key }) => below && schemaBelow(below, key));
    },
  };
}

/** One key on its way through table and schema. */
interface Place {
  /** Its last step: a name, `*` or `[]`. */
  key: string;
  /** With `*` for names of the user's choice; empty for the root. */
  path: string;
  node: KeyNode | undefined;
  readonly children: Place[];
}

function root(): Place {
  return {
    key: '',
    path: '',
    node: undefined,
    get children() {
      return namespaces.map((name) => toPlace('', name, keyTree(name)));
    },
  };
}

function toPlace(parent: string, key: string, node: KeyNode | undefined): Place {
  const path = key === '[]' ? `${parent}[]` : parent ? `${parent}.${key}` : key;
  return {
    key,
    path,
    node,
    get children() {
      if (!node) return [];
      const below: [string, KeyNode | undefined][] = [...node.members, ['*', node.entry], ['[]', node.item]];
      return below.flatMap(([name, child]) => (child ? [toPlace(path, name, child)] : []));
    },
  };
}

/** `agents.entries.main`, `agents/entries/*`, `models.providers.x.models[0].id`, `.` */
function toSteps(path: string): string[] {
  return path
    .replaceAll('/', '.')
    .replace(/\[(\d*|\*)\]/g, '.[]')
    .replace(/\[([^\]]+)\]/g, '.$1')
    .split('.')
    .filter(Boolean);
}

function childOf({ children }: Place, step: string): Place | undefined {
  const isIndex = step === '[]' || /^\d+$/.test(step);
  return (
    children.find(({ key }) => key === step) ??
    children.find(({ key }) => key === '*' || (key === '[]' && (isIndex || step === '*')))
  );
}

function schemaBelow(schema: JsonSchema, key: string): JsonSchema | undefined {
  for (const option of [schema, ...listOptions(schema)]) {
    const below =
      key === '*' ? option.additionalProperties : key === '[]' ? option.items : memberOf(option.properties, key);
    if (isPlainObject(below)) return below;
  }
  return undefined;
}

function memberOf(properties: unknown, key: string): unknown {
  return isPlainObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

function listOptions({ anyOf }: JsonSchema): JsonSchema[] {
  return Array.isArray(anyOf) ? anyOf.filter(isPlainObject) : [];
}

/** What a schema says of one key itself, without what is below it. */
const shallow = [
  'title', 'description', 'type', 'enum', 'const', 'format', 'pattern', 'minimum', 'maximum', 'exclusiveMinimum',
  'exclusiveMaximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'deprecated',
]; // biome-ignore format: one list

function toShallow(schema: JsonSchema): JsonSchema {
  const own = Object.fromEntries(shallow.flatMap((name) => (name in schema ? [[name, schema[name]]] : [])));
  if (typeof schema.additionalProperties === 'boolean') own.additionalProperties = schema.additionalProperties;
  const options = listOptions(schema);
  return options.length > 0 ? { ...own, anyOf: options.map(toShallow) } : own;
}

function toNode(
  place: Place,
  schema: JsonSchema,
  schemaOf: (child: Place) => JsonSchema | undefined,
): ConfigSchemaNode {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return {
    path: place.path || '.',
    schema: toShallow(schema),
    ...(place.path && { reloadKind: reloadKindOf(place.path), hint: toHint(place), hintPath: place.path }),
    children: place.children.map((child): ConfigSchemaChild => {
      const below = schemaOf(child);
      const types =
        below && [below, ...listOptions(below)].flatMap(({ type }) => (typeof type === 'string' ? [type] : []));
      const [type, ...others] = [...new Set(types)];
      return {
        key: child.key,
        path: child.path,
        ...(type && { type: others.length > 0 ? [type, ...others] : type }),
        required: required.includes(child.key),
        hasChildren: child.children.length > 0,
        reloadKind: reloadKindOf(child.path),
        hint: toHint(child),
        hintPath: child.path,
      };
    }),
  };
}

function listHints(place: Place): [string, ConfigHint][] {
  return [[place.path, toHint(place)], ...place.children.flatMap(listHints)];
}

/** Keys with an effect, and everything above and below them. */
const acted = actedOn.map((key) => key.replaceAll('<id>', '*'));
const isBelow = (path: string, above: string) => path === above || /^[.[]/.test(path.slice(above.length));
const isActive = (path: string) =>
  acted.some((key) => (key.startsWith(path) && isBelow(key, path)) || (path.startsWith(key) && isBelow(path, key)));

function toHint({ key, path, node }: Place): ConfigHint {
  const help = helpOf(path);
  const isIdle = !isActive(path);
  return {
    label: toTitle(key),
    ...(help && { help }),
    ...(isIdle && { advanced: true, tags: ['no effect yet'] }),
    ...(node && takesSecret(node) && { sensitive: true }),
  };
}

/** `maxConcurrent` is "Max concurrent". */
function toTitle(key: string): string {
  if (key === '*') return 'Name of your choice';
  if (key === '[]') return 'Item';
  const words = key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
  const spelled = words.replace(/\b(api|url|id|ui|tls|http|ttl|mcp|acp|tts|ssh)\b/g, (word) => word.toUpperCase());
  return spelled.charAt(0).toUpperCase() + spelled.slice(1);
}

/** Gives every key of a schema its title and, where there is one, its help. */
function annotate(schema: JsonSchema, place: Place): JsonSchema {
  const help = helpOf(place.path);
  const own = { ...(place.path && { title: toTitle(place.key) }), ...(help && { description: help }) };
  return { ...own, ...annotateMembers(schema, place) };
}

function annotateMembers(schema: JsonSchema, place: Place): JsonSchema {
  const annotated: JsonSchema = { ...schema };
  const child = (key: string) => place.children.find((one) => one.key === key);
  const through = (below: unknown, key: string) => {
    const inside = child(key);
    return inside && isPlainObject(below) ? annotate(below, inside) : below;
  };
  if (isPlainObject(schema.properties))
    annotated.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, below]) => [name, through(below, name)]),
    );
  if (schema.items) annotated.items = through(schema.items, '[]');
  if (schema.additionalProperties) annotated.additionalProperties = through(schema.additionalProperties, '*');
  if (Array.isArray(schema.anyOf))
    annotated.anyOf = listOptions(schema).map((option) => annotateMembers(option, place));
  return annotated;
}

function unknownPath(): GatewayError {
  return new GatewayError('INVALID_REQUEST', 'config schema path not found', {
    details: { code: 'UNKNOWN_CONFIG_PATH' },
  });
}
