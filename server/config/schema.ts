import { z } from 'zod';
import { isPlainObject } from './key-path.ts';
import { isFree, type KeyNode, keyTree, takesSecret } from './key-tree.ts';
import { namespaces } from './keys.ts';

/** Where a secret is kept, in place of the secret itself. */
export const SecretRef = z.strictObject({
  source: z.enum(['env', 'file', 'exec', 'store']),
  /** An alias of `secrets.providers`; `default` needs no entry when the source is `env`. */
  provider: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/),
  id: z.string().min(1),
});
export type SecretRef = z.infer<typeof SecretRef>;

/**
 * The schema of a configuration file: strict, every key optional, types and ranges as in the key table.
 * @param file builds only the keys that this parsed file holds, which is all that checking it takes; the whole table
 * costs more than a start may. Without it, every key of every namespace.
 */
export function configSchema(file?: Record<string, unknown>): z.ZodObject<Record<string, z.ZodType>> {
  const shape: Record<string, z.ZodType> = {};
  for (const name of file ? Object.keys(file) : namespaces) {
    const tree = keyTree(name);
    if (tree) shape[name] = toSchema(tree, file && [file[name]]).optional();
  }
  return z.strictObject(shape);
}

/** The schema of everything below one namespace; undefined for an unknown name. */
export function namespaceSchema(name: string): z.ZodType | undefined {
  const tree = keyTree(name);
  return tree && toSchema(tree, undefined);
}

/** What a file holds at one key: one value, or several below a `<id>` or in a list. Undefined asks for everything. */
type Values = readonly unknown[] | undefined;

function toSchema(node: KeyNode, values: Values): z.ZodType {
  if (!node.type) return toObjectSchema(node, values);
  if (isFree(node)) return z.unknown();
  const options = toOptions(node, node.type.alternatives, values);
  if (node.type.items) options.push(z.array(toItemSchema(node, node.type.items, values)));
  if (takesSecret(node)) options.push(SecretRef);
  return toUnion(options);
}

function toItemSchema(node: KeyNode, items: readonly string[], values: Values): z.ZodType {
  const inside = values?.filter((value) => Array.isArray(value)).flat();
  if (node.item) return toSchema(node.item, inside);
  return items.length === 0 ? z.unknown() : toUnion(toOptions(node, items, inside));
}

function toObjectSchema(node: KeyNode, values: Values): z.ZodType {
  const objects = values?.filter(isPlainObject);
  const present = objects && new Set(objects.flatMap((object) => Object.keys(object)));
  const shape: Record<string, z.ZodType> = {};
  for (const [name, member] of node.members) {
    if (member.type?.required) shape[name] = toSchema(member, undefined);
    else if (!present || present.has(name))
      shape[name] = toSchema(
        member,
        objects?.map((object) => object[name]),
      ).optional();
  }
  if (!node.entry) return node.members.size > 0 ? z.strictObject(shape) : z.record(z.string(), z.unknown());
  const others = objects?.flatMap((object) =>
    Object.keys(object).flatMap((name) => (node.members.has(name) ? [] : [object[name]])),
  );
  const entry = toSchema(node.entry, others);
  return node.members.size > 0 ? z.object(shape).catchall(entry) : z.record(z.string(), entry);
}

const kinds = {
  string: () => z.string(),
  boolean: () => z.boolean(),
  number: (node: KeyNode) => withRange(z.number(), node),
  integer: (node: KeyNode) => withRange(z.int(), node),
  map: toObjectSchema,
  object: toObjectSchema,
};
type Kind = keyof typeof kinds;
type Literal = string | number | boolean | null;

function toOptions(node: KeyNode, words: readonly string[], values: Values): z.ZodType[] {
  const isKind = (word: string): word is Kind => word in kinds;
  const literals = words.filter((word) => !isKind(word)).map((word): Literal => JSON.parse(word));
  // `object|map` is one option, not two.
  const types = [...new Set(words.filter(isKind).map((word) => kinds[word]))];
  return [...(literals.length > 0 ? [z.literal(literals)] : []), ...types.map((toType) => toType(node, values))];
}

function withRange(schema: z.ZodNumber, { type }: KeyNode): z.ZodNumber {
  const bounded = type?.min === undefined ? schema : schema.min(type.min);
  return type?.max === undefined ? bounded : bounded.max(type.max);
}

function toUnion(options: z.ZodType[]): z.ZodType {
  return options.length === 1 && options[0] ? options[0] : z.union(options);
}
