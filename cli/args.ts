import type { ArgDef } from 'citty';
import { isPlainObject } from '../server/config/key-path.ts';
import type { Field, FieldSchema, MethodCommand } from './derive.ts';
import { isGlobalFlag } from './globals.ts';
import { readLongText } from './long-text.ts';
import { misuse } from './misuse.ts';
import { clip } from './render/text.ts';

/** A citty argument with what citty does not know. */
export type Flag = ArgDef & {
  /** May be given several times; arrives as a JSON array of the texts. */
  multiple?: boolean;
  /** May stand alone, meaning `true`; these are the words it takes otherwise. */
  bare?: readonly string[];
  /** The argument whose text it reads from a file. */
  fills?: string;
};
export type Flags = Record<string, Flag>;

/** Every method that wants an idempotency key gets a new one unless the caller brings one. */
const generated: Record<string, () => string> = { idempotencyKey: () => crypto.randomUUID() };

/** The arguments of a derived command. */
export function toFlags(command: MethodCommand): Flags {
  const flags: Flags = {};
  for (const name of command.positionals) {
    const field = command.fields.find((one) => one.name === name);
    if (field) flags[name] = toPositional(field);
  }
  for (const field of command.fields) {
    const place = placeOf(command, field);
    if (!place.positional) flags[place.key] = toFlag(field);
    if (command.long.includes(field.name)) flags[`${toFlagName(field.name)}-file`] = fileFlag(place.key);
  }
  return flags;
}

/** The flag beside an argument that may be long. */
export function fileFlag(fills: string): Flag {
  return { type: 'string', valueHint: 'path', description: 'The same, read from a file; "-" is stdin', fills };
}

/**
 * The method's input from what citty parsed.
 * @throws GatewayError bad usage: a value that its field cannot hold, a file that cannot be read.
 */
export async function toInput(command: MethodCommand, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  for (const field of command.fields) {
    const { key, label } = placeOf(command, field);
    const file = `${toFlagName(field.name)}-file`;
    const isLong = command.long.includes(field.name);
    const value = isLong ? await readLongText({ value: args[key], path: args[file], flag: `--${file}` }) : args[key];
    if (value !== undefined) input[field.name] = coerce(value, field.schema, label);
    else if (generated[field.name] && field.required) input[field.name] = generated[field.name]?.();
  }
  return input;
}

/** An input error of the gateway, in the words of the command line. */
export function toLabels(command: MethodCommand, message: string): string {
  return command.fields.reduce(
    (text, field) => text.replace(new RegExp(`(^|; )${field.name}(?=[:.[])`), `$1${placeOf(command, field).label}`),
    message,
  );
}

/** The flag of a field: `includeLastMessage` is `--include-last-message`. */
export function toFlagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

// --- internal ---

/** Where a field stands on the command line; one that is called as a global flag is `--param-<name>`. */
function placeOf({ positionals }: MethodCommand, { name }: Field): { positional: boolean; key: string; label: string } {
  const flag = toFlagName(name);
  if (positionals.includes(name)) return { positional: true, key: name, label: `<${flag}>` };
  const key = isGlobalFlag(flag) ? `param-${flag}` : flag;
  return { positional: false, key, label: `--${key}` };
}

function toPositional(field: Field): Flag {
  return {
    type: 'positional',
    required: field.required,
    ...(field.schema.type === 'array' && { multiple: true }),
    ...about(field),
  };
}

function toFlag(field: Field): Flag {
  const { schema } = field;
  const required = field.required && !generated[field.name];
  if (isBoolean(schema)) return { type: 'boolean', required, ...about(field) };
  const flag: Flag = { type: 'string', required, valueHint: hint(schema), ...about(field) };
  if (schema.type === 'array') flag.multiple = true;
  if (schema.anyOf?.some(isBoolean)) flag.bare = words(schema);
  return flag;
}

function about({ doc, schema }: Field): Pick<ArgDef, 'description'> {
  const text = [doc, schema.default === undefined ? '' : `(default ${String(schema.default)})`]
    .filter(Boolean)
    .join(' ');
  return text ? { description: text } : {};
}

const longestQuote = 80;

function coerce(value: unknown, schema: FieldSchema, label: string): unknown {
  if (typeof value === 'boolean') return value;
  const text = String(value);
  if (schema.type === 'array') return (JSON.parse(text) as string[]).flatMap((item) => coerceItem(item, schema, label));
  for (const alternative of alternatives(schema)) {
    const read = readAs(text, alternative);
    if (read) return read.value;
  }
  throw misuse(`${label} must be ${describe(schema)}, not "${clip(text, longestQuote)}"`);
}

/** One occurrence of a flag that takes several: `a,b`, or a JSON array, or one JSON object. */
function coerceItem(text: string, { items = {} }: FieldSchema, label: string): unknown[] {
  const json = /^\s*[[{]/.test(text) ? readJson(text) : undefined;
  if (json) return Array.isArray(json.value) ? json.value : [json.value];
  if (items.type === 'object' || /^\s*[[{]/.test(text)) throw misuse(`${label} must be JSON, not "${text}"`);
  return text.split(',').map((part) => coerce(part.trim(), items, label));
}

/** Text is tried last: it takes everything. */
function alternatives(schema: FieldSchema): FieldSchema[] {
  const all =
    schema.anyOf?.flatMap(alternatives) ??
    (Array.isArray(schema.type) ? schema.type.map((type) => ({ ...schema, type })) : [schema]);
  return [...all].sort((a, b) => Number(isPlainText(a)) - Number(isPlainText(b)));
}

const isPlainText = (schema: FieldSchema) => schema.type === 'string' && !schema.enum && schema.const === undefined;
const isBoolean = (schema: FieldSchema) => schema.type === 'boolean';

function readAs(text: string, schema: FieldSchema): { value: unknown } | undefined {
  const literals = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (literals) {
    const literal = literals.find((one) => String(one) === text);
    return literal === undefined ? undefined : { value: literal };
  }
  switch (schema.type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : undefined;
    case 'null':
      return text === 'null' ? { value: null } : undefined;
    case 'integer':
    case 'number':
      return readNumber(text, schema);
    case 'object':
      return readObject(text);
    case 'string':
      return text.length >= (schema.minLength ?? 0) && text.length <= (schema.maxLength ?? Number.POSITIVE_INFINITY)
        ? { value: text }
        : undefined;
    default:
      return readJson(text) ?? { value: text };
  }
}

function readNumber(text: string, schema: FieldSchema): { value: number } | undefined {
  const value = Number(text);
  const whole = schema.type === 'number' || Number.isInteger(value);
  const within = value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value);
  return text.trim() !== '' && Number.isFinite(value) && whole && within ? { value } : undefined;
}

function readObject(text: string): { value: unknown } | undefined {
  const json = readJson(text);
  return isPlainObject(json?.value) ? json : undefined;
}

/** What people type may be no JSON: that is an answer here, not a failure. */
function readJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** What may be typed, in words. */
function describe(schema: FieldSchema): string {
  const literals = words(schema);
  if (literals.length > 0) {
    const others = openOnes(schema).map((one) => (isPlainText(one) ? 'text' : describe(one)));
    return others.length > 0 ? [...others, ...literals].join(' or ') : `one of ${literals.join(', ')}`;
  }
  const { minimum, maximum } = schema;
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const noun = schema.type === 'integer' ? 'a whole number' : 'a number';
      if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
      return minimum === undefined ? noun : `${noun}, ${minimum} or more`;
    }
    case 'array':
      return `a list of ${schema.items?.type === 'object' ? 'JSON objects' : 'texts'}`;
    case 'object':
      return 'a JSON object';
    default:
      return schema.maxLength ? `text of ${schema.minLength ?? 0} to ${schema.maxLength} characters` : 'text';
  }
}

function hint(schema: FieldSchema): string {
  if (schema.type === 'array') return schema.items?.type === 'object' ? 'json' : 'a,b,...';
  return [...new Set([...openOnes(schema).map(hintOf), ...words(schema)])].join('|');
}

function hintOf({ type }: FieldSchema): string {
  if (type === 'integer' || type === 'number') return 'n';
  return type === 'object' || type === 'array' ? 'json' : 'text';
}

/** What a field takes besides fixed words. */
const openOnes = (schema: FieldSchema) => alternatives(schema).filter((one) => words(one).length === 0);

/** The fixed words that a field takes. */
function words(schema: FieldSchema): string[] {
  return alternatives(schema).flatMap((one) => {
    if (one.enum) return one.enum.map(String);
    if (one.const !== undefined) return [String(one.const)];
    if (isBoolean(one)) return ['true', 'false'];
    return one.type === 'null' ? ['null'] : [];
  });
}
