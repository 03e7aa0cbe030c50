import { z } from 'zod';
import type { Spec } from '../sdk/protocol/method.ts';

/** What the command line reads from a field's JSON Schema. */
export interface FieldSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: FieldSchema[];
  items?: FieldSchema;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

/** One field of a method's input. */
export interface Field {
  /** As on the wire. */
  name: string;
  schema: FieldSchema;
  required: boolean;
  /** What the contract's source says about it. */
  doc?: string | undefined;
}

/** A method as the command line sees it; plain data, so that a build can write it down. */
export interface MethodCommand {
  /** Wire name, for example `sessions.list`. */
  method: string;
  /** What is typed: `['sessions', 'list']`. */
  words: string[];
  kind: Spec['kind'];
  summary: string;
  fields: Field[];
  /** Names of the fields that are given by position, in order. */
  positionals: string[];
  /** Names of the fields that can be read from a file, too. */
  long: string[];
  /** True when the method makes no sense from a shell; `gateway call` still reaches it. */
  hidden: boolean;
}

/** Turns the contract into commands. */
export function deriveCommands(methods: ReadonlyMap<string, Spec>): MethodCommand[] {
  return [...methods].map(([method, spec]) => ({
    method,
    words: method.split('.').map(toWord),
    kind: spec.kind,
    summary: spec.summary,
    fields: toFields(spec.input as z.ZodType).filter(({ name }) => !spec.inert?.includes(name)),
    positionals: [...(spec.cli?.positionals ?? [])],
    long: [...(spec.cli?.long ?? [])],
    hidden: spec.cli?.hidden ?? false,
  }));
}

/** `authStatus` is typed `auth-status`. */
const toWord = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

interface ObjectSchema {
  properties?: Record<string, FieldSchema>;
  required?: string[];
}

function toFields(input: z.ZodType): Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(input, {
    io: 'input',
    unrepresentable: 'any',
  }) as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema: withoutIntegerLimits(schema),
    required: required.includes(name),
  }));
}

/** JSON Schema spells out the largest safe integer; nobody wants to read it. */
function withoutIntegerLimits(schema: FieldSchema): FieldSchema {
  const { maximum, anyOf, ...rest } = schema;
  return {
    ...rest,
    ...(anyOf && { anyOf: anyOf.map(withoutIntegerLimits) }),
    ...(maximum !== Number.MAX_SAFE_INTEGER && maximum !== undefined && { maximum }),
  };
}
