import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../../server/http/openapi/document.ts';
import type { Answer, Operation, Reference } from '../../../server/http/openapi/operation.ts';

/** The document as the gateway of a test serves it while its hooks are on. */
export const document = openApiDocument({ version: '0.0.0-test', hooksPath: '/hooks' });

export interface Route {
  /** As the document spells it. */
  path: string;
  /** With its placeholders filled in from their examples; `any` where there is none. */
  url: string;
  /** In capitals. */
  method: string;
  operation: Operation;
}

/** Every operation of the document. */
export const documented: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    url: fill(path, operation),
    method: method.toUpperCase(),
    operation,
  })),
);

/** The same address, of a response that is there; `ask` is the way to the gateway of the test. */
export async function withResponse(url: string, ask: (body: object) => Promise<Response>): Promise<string> {
  if (!url.includes(exampleResponse)) return url;
  const { id } = (await (await ask({ model: 'openclaw', input: 'hello' })).json()) as { id: string };
  return url.replace(exampleResponse, id);
}

const exampleResponse = 'resp_00000000000000000000000000000000';

/** What an operation wants as `Authorization`. */
export const bearerOf = ({ operation: { security } }: Route, { gateway, hooks }: { gateway: string; hooks: string }) =>
  `Bearer ${security?.some((one) => 'hookToken' in one) ? hooks : gateway}`;

/** One answer of an operation, with its reference followed; undefined when there is none for the status. */
export function answerOf({ responses }: Operation, status: number): Answer | undefined {
  const found = responses[status];
  return found && '$ref' in found ? (follow(found) as Answer) : found;
}

/** Headers that an answer promises. */
export function requiredHeaders({ headers = {} }: Answer): string[] {
  return Object.entries(headers).flatMap(([name, to]) => ((follow(to) as { required: boolean }).required ? name : []));
}

/**
 * What in a value is not as the document has it, one line each. Members that the document does not know are faults, too:
 * a client that was generated from it would never see them.
 */
export function faultsOf(schema: object, value: unknown): string[] {
  const check = ajv.compile({ ...closed(schema), $id: undefined });
  if (check(value)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

// --- internal ---

const schemas = closed(document.components.schemas) as Record<string, object>;
const ajv = new Ajv2020({ strict: false, allErrors: true });
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, `#/components/schemas/${name}`);

function follow({ $ref }: Reference): unknown {
  return $ref
    .split('/')
    .slice(1)
    .reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], document);
}

function fill(path: string, { parameters = [] }: Operation): string {
  return path.replace(/\{(\w+)\}/g, (_, name) => {
    const parameter = parameters.find((one) => 'name' in one && one.name === name);
    return String((parameter as { example?: unknown } | undefined)?.example ?? 'any');
  });
}

/** The same schema, without room for what it does not name. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isOpen = typeof inner.properties === 'object' && !('additionalProperties' in inner) && inner.type === 'object';
  return (isOpen ? { ...inner, additionalProperties: false } : inner) as T;
}
