import { z } from 'zod';
import { AgentBody, WakeBody } from '../../hooks/action.ts';
import { ChatBody } from '../openai/chat-body.ts';
import { EmbeddingBody } from '../openai/embedding-body.ts';
import { ResponseBody } from '../openai/response-body.ts';
import { ToolsBody } from '../tools-body.ts';
import {
  CompletionAnswer,
  CompletionChunk,
  EmbeddingsAnswer,
  ErrorAnswer,
  ModelAnswer,
  ModelListAnswer,
} from './chat-answers.ts';
import {
  LiveAnswer,
  ReadyAnswer,
  RpcAnswer,
  RpcRefusal,
  StartedAnswer,
  ToolsAnswer,
  ToolsRefusal,
} from './gateway-answers.ts';
import { gatewayPaths } from './gateway-paths.ts';
import { HookAnswer, HookRefusal, hookPaths } from './hooks-paths.ts';
import { openAiPaths } from './openai-paths.ts';
import { type JsonSchema, type Paths, sharedRefusals } from './operation.ts';
import { headers, parameters } from './parameters.ts';
import { ResponseAnswer, ResponseEvent } from './response-answers.ts';
import { DeletedAnswer, InputItemsAnswer, storedPaths } from './stored-paths.ts';

/** An OpenAPI 3.1 document of every route. */
export interface OpenApiDocument {
  openapi: string;
  info: object;
  paths: Paths;
  components: { schemas: Record<string, JsonSchema> } & Record<string, object>;
  [member: string]: unknown;
}

/** Bodies as their routes read them, and answers as tests hold them against the routes. */
const schemas: Readonly<Record<string, z.ZodType>> = {
  ChatCompletionRequest: ChatBody,
  ChatCompletion: CompletionAnswer,
  ChatCompletionChunk: CompletionChunk,
  ResponseRequest: ResponseBody,
  Response: ResponseAnswer,
  ResponseEvent,
  EmbeddingsRequest: EmbeddingBody,
  Embeddings: EmbeddingsAnswer,
  Model: ModelAnswer,
  ModelList: ModelListAnswer,
  Error: ErrorAnswer,
  DeletedResponse: DeletedAnswer,
  InputItems: InputItemsAnswer,
  ToolsRequest: ToolsBody,
  ToolsAnswer,
  ToolsRefusal,
  HookWakeRequest: WakeBody,
  HookAgentRequest: AgentBody,
  HookAnswer,
  HookRefusal,
  RpcAnswer,
  RpcRefusal,
  Live: LiveAnswer,
  Ready: ReadyAnswer,
  Started: StartedAnswer,
};

export interface Described {
  /** Of the gateway. */
  version: string;
  /** Where hooks are; undefined while they are off. */
  hooksPath: string | undefined;
}

export function openApiDocument({ version, hooksPath }: Described): OpenApiDocument {
  const hooks = hooksPath === undefined ? {} : hookPaths(hooksPath);
  const paths = { ...openAiPaths, ...storedPaths, ...gatewayPaths, ...hooks };
  return {
    openapi: '3.1.1',
    info: {
      title: 'OpenClaw Gateway',
      version,
      summary: 'Agents over HTTP: the API of OpenAI, tools, hooks and probes.',
      description:
        'Every answer has `x-request-id`, which the log of the gateway has too. What is not under `/v1` and not described here is 404.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      { url: '/', description: 'The gateway that this document came from; by default http://127.0.0.1:18789.' },
    ],
    security: [{ bearer: [] }],
    tags: [
      { name: 'OpenAI', description: "OpenAI's API: point its clients at `/v1`." },
      { name: 'Tools', description: 'Tools without a model.' },
      {
        name: 'Hooks',
        description: 'For other programs, with a token of their own; below `hooks.path`, while hooks are on.',
      },
      { name: 'RPC', description: 'Every method of the contract, over tRPC.' },
      { name: 'Probes', description: 'For supervisors and load balancers.' },
      { name: 'Metrics', description: 'For Prometheus.' },
      { name: 'Description', description: 'This document.' },
    ],
    paths,
    components: {
      schemas: toJsonSchemas(schemas),
      parameters,
      headers,
      responses: withoutUnused(sharedRefusals(), paths),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: "The gateway's token or password." },
        hookToken: { type: 'http', scheme: 'bearer', description: '`hooks.token`.' },
        hookHeader: { type: 'apiKey', in: 'header', name: 'x-openclaw-token', description: '`hooks.token`.' },
      },
    },
  };
}

// --- internal ---

function withoutUnused<T extends object>(shared: Record<string, T>, paths: Paths): Record<string, T> {
  const used = JSON.stringify(paths);
  return Object.fromEntries(Object.entries(shared).filter(([name]) => used.includes(`/responses/${name}"`)));
}

/** That a number can be counted with is no limit worth telling. */
function withoutSafeRange(schema: { minimum?: number; maximum?: number }): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}

function toJsonSchemas(named: Readonly<Record<string, z.ZodType>>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => withoutSafeRange(jsonSchema),
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema as JsonSchema]),
  );
}
