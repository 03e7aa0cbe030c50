import type { z } from 'zod';
import { type JsonSchema, toJsonSchema } from '../../scripts/json-schema.ts';
import { methods } from '../../sdk/protocol/contract.ts';
import type { Spec } from '../../sdk/protocol/method.ts';
import { definitionOf, fits, membersOf, misfits } from './published.ts';

/** Scopes that callers of the matrix have. */
export const callers = {
  'no scope': [],
  read: ['operator.read'],
  write: ['operator.write'],
  admin: ['operator.admin'],
  pairing: ['operator.pairing'],
} as const satisfies Record<string, readonly string[]>;
export type CallerName = keyof typeof callers;

/** Whether a caller may use a scope: admin may all, write may read, the others stand for themselves. */
export function mayUse(caller: CallerName, scope: string | null): boolean {
  const held: readonly string[] = callers[caller];
  if (scope === null || held.includes('operator.admin') || held.includes(scope)) return true;
  return scope === 'operator.read' && held.includes('operator.write');
}

/** A call with wrong parameters, and what its refusal has to name. */
export interface Wrong {
  what: string;
  params: unknown;
  names: string;
}

/** Everything that is wrong with a method's parameters, one thing at a time. */
export function wrongCalls(method: string, valid: Record<string, unknown>): Wrong[] {
  const { properties = {}, required = [] } = inputOf(method);
  const missing = required.map((member) => {
    const { [member]: _, ...params } = valid;
    return { what: `without ${member}`, params, names: member };
  });
  const wrong = Object.keys(properties).flatMap((member) => {
    const value = misfitFor(method, member, valid);
    return value === undefined
      ? []
      : [{ what: `wrong ${member}`, params: { ...valid, [member]: value }, names: member }];
  });
  const shapeless = [
    ['a list', [1]],
    ['a text', 'text'],
    ['a number', 7],
  ] as const;
  const extra = { what: 'unknown member', params: { ...valid, notAMember: 1 }, names: 'notAMember' };
  return [
    ...missing,
    ...wrong,
    ...shapeless.map(([what, params]) => ({ what, params, names: '' })),
    ...(isOpen(method) ? [] : [extra]),
  ];
}

/** True when a method takes members that it does not know. */
export const isOpen = (method: string): boolean => inputOf(method).additionalProperties !== false;

/** The shape of a method's parameters; of several shapes, all their members. */
export function inputOf(method: string): JsonSchema {
  const schema = toJsonSchema(specOf(method).input, 'input');
  const shapes = schema.anyOf ?? schema.oneOf;
  if (!shapes) return schema;
  const properties = Object.assign({}, ...shapes.map((one) => one.properties ?? {})) as JsonSchema['properties'];
  const isClosed = shapes.every(({ additionalProperties }) => additionalProperties === false);
  return { type: 'object', properties, required: [], ...(isClosed && { additionalProperties: false }) };
}

export function specOf(method: string): Spec {
  const spec = methods.get(method);
  if (!spec) throw new Error(`the contract has no ${method}`);
  return spec;
}

/** What our own shape says about parameters: names of the members that do not fit. */
export function faultyMembers(method: string, params: unknown): string[] {
  const parsed = (specOf(method).input as unknown as z.ZodType).safeParse(params);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => String(issue.path[0] ?? ('keys' in issue ? issue.keys : '')));
}

// --- internal ---

/** A value that does not fit a member, by the published protocol where it knows the member. */
function misfitFor(method: string, member: string, valid: Record<string, unknown>): unknown {
  const definition = definitionOf(method, 'params');
  const published = definition && membersOf(definition).find(([name]) => name === member)?.[1];
  if (published) return misfits.find((value) => !fits(published, value));
  return misfits.find((value) => faultyMembers(method, { ...valid, [member]: value }).length > 0);
}
