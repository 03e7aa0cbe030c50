import type { JsonSchema } from './json-schema.ts';

export interface TableOptions {
  /** What is said about the field at a path such as `defaults.model` or `recent[].key`. */
  docOf?(path: string): string | undefined;
  /** Adds a column with the values that are used when a field is absent. */
  withDefaults?: boolean;
}

/** The fields of an object as a Markdown table; objects inside are spelled out in place. Empty when there are none. */
export function fieldTable(schema: JsonSchema, options: TableOptions): string {
  const rows = toRows(schema, '', options);
  if (rows.length === 0) return '';
  const heads = ['Field', 'Type', ...(options.withDefaults ? ['Default'] : []), 'About'];
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A type in words and links: `integer, 1 to 1000`, `[SessionRow](#sessionrow)[]`. */
export function typeOf(schema: JsonSchema): string {
  if (schema.$ref) {
    const noun = schema.$ref.split('/').at(-1) ?? '';
    return `[${noun}](#${noun.toLowerCase()})`;
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.map(typeOf).join(' or ');
  if (schema.enum) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.not) return 'never';
  if (schema.type === 'array') return listOf(schema.items ?? {});
  if (schema.type === 'object') return recordOf(schema);
  if (schema.type === undefined) return 'anything';
  return [schema.type].flat().join(' or ') + limits(schema);
}

// --- internal ---

function toRows(schema: JsonSchema, prefix: string, options: TableOptions): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix + name;
    const required = schema.required?.includes(name) ?? false;
    const standing = member.default === undefined ? '' : `\`${JSON.stringify(member.default)}\``;
    const row = [
      `\`${path}\`${required && options.withDefaults ? ' (required)' : ''}`,
      typeOf(member) + (required || options.withDefaults ? '' : ', optional'),
      ...(options.withDefaults ? [standing] : []),
      options.docOf?.(path) ?? '',
    ];
    const below = member.properties ? toRows(member, `${path}.`, options) : [];
    const belowList = member.items?.properties ? toRows(member.items, `${path}[].`, options) : [];
    return [row.map(escapeCell), ...below, ...belowList];
  });
}

function listOf(items: JsonSchema): string {
  const type = typeOf(items);
  if (type === 'never') return 'empty list';
  return type.includes(' or ') ? `list of (${type})` : `list of ${type}`;
}

function recordOf({ properties, additionalProperties }: JsonSchema): string {
  if (properties && Object.keys(properties).length > 0) return 'object';
  return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
    ? `object of ${typeOf(additionalProperties)}`
    : 'object';
}

function limits({ type, minimum, maximum, minLength, maxLength }: JsonSchema): string {
  if (type === 'string') return maxLength === undefined ? '' : `, ${minLength ?? 0} to ${maxLength} characters`;
  const above = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && above !== undefined) return `, ${minimum} to ${above}`;
  return minimum === undefined || minimum === 0 ? '' : `, at least ${minimum}`;
}

const escapeCell = (text: string) => text.replace(/\|/g, '\\|');
