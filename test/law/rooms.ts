import { chosenAtRuntime, type Import, type SourceFile } from './imports.ts';

/** A room of the house and what its files may import; the longest matching folder or file counts. */
export interface Room {
  /** Folder, or one file. */
  place: string;
  /** Folders, files and packages that may be imported by value; a trailing `*` matches the rest of a name. */
  values: readonly string[];
  /** The same for `import type`, besides `values`. */
  types?: readonly string[];
  /** The same for `import()`, besides `values`. */
  lazily?: readonly string[];
}

const node = ['node:*'];
const errorsAndNames = [
  'sdk/protocol/errors.ts',
  'sdk/protocol/scopes.ts',
  'sdk/protocol/version.ts',
  'sdk/protocol/frames.ts',
  'sdk/protocol/text.ts',
];
/** What every domain of the server may have. */
const domain = [...node, ...errorsAndNames, 'server/log', 'server/config'];
const protocolTypes = ['sdk/protocol'];

/** Loaded at first use, by the provider that speaks through them. */
const providerPackages = ['@ai-sdk/*', 'undici', 'gpt-tokenizer/encoding/cl100k_base'];

/** What the files that put the house together may have. */
const root = [...node, 'server', 'sdk/protocol'];

const cli = [
  ...node,
  ...errorsAndNames,
  'cli',
  'citty',
  'fastest-levenshtein',
  'fast-string-truncated-width',
  'sdk/index.node.ts',
  'sdk/node/explain.ts',
  'server/config',
  'package.json',
];

/** Packages that talk to OpenAI, and so to a gateway. */
const clients = [
  'openai',
  'ai',
  '@ai-sdk/openai-compatible',
  '@langchain/openai',
  '@llamaindex/core/embeddings',
  '@llamaindex/openai',
];

/** The table of the architecture page, as data. */
export const rooms: readonly Room[] = [
  { place: 'sdk/protocol', values: ['sdk/protocol', 'zod'], types: ['@trpc/server'] },
  { place: 'sdk/protocol/method.ts', values: ['sdk/protocol', '@trpc/server'], types: ['zod'] },
  {
    place: 'sdk/client',
    values: ['sdk/client', ...errorsAndNames, '@trpc/client', '@trpc/server/observable'],
    types: [...protocolTypes, '@trpc/server'],
  },
  {
    place: 'sdk/node',
    values: ['sdk/node', 'sdk/client', ...errorsAndNames, ...node],
    types: [...protocolTypes, 'ws'],
    lazily: ['ws'],
  },
  { place: 'sdk/index.ts', values: ['sdk/client', ...errorsAndNames], types: protocolTypes },
  {
    place: 'sdk/index.node.ts',
    values: ['sdk/client', 'sdk/node', ...errorsAndNames],
    types: protocolTypes,
  },
  {
    place: 'server/log',
    values: [...node, ...errorsAndNames, 'server/log', 'pino'],
  },
  {
    place: 'server/config',
    values: [...domain, 'zod', 'json5', 'fastest-levenshtein'],
    types: [...protocolTypes, 'server/database', 'chokidar'],
    lazily: ['chokidar'],
  },
  // What the CLI asks when no gateway runs.
  {
    place: 'server/config/offline.ts',
    values: [...domain, 'server/database'],
    types: protocolTypes,
  },
  { place: 'server/workspace', values: [...domain, 'server/workspace'], types: protocolTypes },
  {
    place: 'server/agents',
    values: [...domain, 'server/agents', 'server/workspace'],
    types: [...protocolTypes, 'server/sessions', 'server/agent'],
  },
  { place: 'server/database', values: [...domain, 'server/database'], types: protocolTypes },
  { place: 'server/auth', values: [...domain, 'server/auth'], types: protocolTypes },
  {
    place: 'server/devices',
    values: [...domain, 'server/devices', 'server/database'],
    types: [...protocolTypes, 'server/auth'],
  },
  { place: 'server/tailscale', values: [...domain, 'server/tailscale'] },
  { place: 'server/ingress.ts', values: root },
  { place: 'server/tls', values: [...domain, 'server/tls'], lazily: ['selfsigned'] },
  { place: 'server/health', values: [...domain, 'server/health'], types: [...protocolTypes, 'server'] },
  {
    place: 'server/metrics',
    values: [...domain, 'server/metrics', 'sdk/protocol'],
    types: ['server', 'prom-client'],
    lazily: ['prom-client'],
  },
  { place: 'server/system', values: [...domain, 'server/system'], types: protocolTypes },
  { place: 'server/usage', values: [...domain, 'server/usage'], types: [...protocolTypes, 'server/database'] },
  { place: 'server/sessions', values: [...domain, 'server/sessions', 'server/database'], types: protocolTypes },
  { place: 'server/responses', values: [...domain, 'server/responses'], types: ['server/database'] },
  {
    place: 'server/models',
    values: [...domain, 'server/models', 'eventsource-parser*', 'fastest-levenshtein', 'zod'],
    types: [...protocolTypes, ...providerPackages],
    lazily: providerPackages,
  },
  {
    place: 'server/media',
    values: [...domain, 'server/media', 'ipaddr.js'],
    types: [...protocolTypes, 'undici'],
    lazily: ['undici', 'image-size'],
  },
  {
    place: 'server/media/document-thread.ts',
    values: ['node:*'],
    types: ['server/media'],
    lazily: ['unpdf', 'html-to-text'],
  },
  {
    place: 'server/agent',
    values: [
      ...domain,
      'server/agent',
      'server/models/timeouts.ts',
      'server/workspace/confined.ts',
      'server/sessions/faults.ts',
      'zod',
      'server/database/age.ts',
    ],
    types: [
      ...protocolTypes,
      'server/models',
      'server/database',
      'server/workspace',
      'server/sessions',
      'server/usage',
    ],
  },
  {
    place: 'server/hooks',
    values: [...domain, 'server/hooks', 'server/agent/untrusted.ts', 'server/sessions/key.ts', 'zod'],
    types: [...protocolTypes, 'server/database', 'server/agent', 'server/sessions'],
  },
  // Loads what the operator wrote.
  { place: 'server/hooks/transforms.ts', values: [...node, 'server/hooks'], lazily: [chosenAtRuntime] },
  {
    place: 'server/commands',
    values: [...domain, 'sdk/protocol/commands.ts', 'server/commands'],
    types: [...protocolTypes, 'server'],
  },
  {
    place: 'server/methods',
    values: [
      ...errorsAndNames,
      'sdk/protocol',
      'server/methods',
      'server/sessions/key.ts',
      'server/sessions/faults.ts',
      'server/sessions/same.ts',
      'server/models/reference.ts',
      'server/log/redact-answer.ts',
      'node:crypto',
    ],
    types: ['server', '@trpc/server', 'zod'],
  },
  {
    place: 'server/http',
    values: [
      ...domain,
      'server/http',
      'server/auth',
      'server/agent/attached-files.ts',
      'server/agent/tools/http-policy.ts',
      'server/hooks/action.ts',
      'server/media/attachments.ts',
      'server/media/refusal.ts',
      'server/media/settings.ts',
      'server/models/counts.ts',
      'server/models/tokens.ts',
      'server/sessions/history.ts',
      'server/sessions/key.ts',
      'server/sessions/ordered-id.ts',
      'sdk/protocol',
      'h3',
      'zod',
      '@trpc/server*',
    ],
    types: [
      'server/agent',
      'server/commands',
      'server/hooks',
      'server/media',
      'server/models',
      'server/responses',
      'server/sessions',
      'openai/*',
    ],
  },
  {
    place: 'server/wire',
    values: [...node, 'sdk/protocol', 'server/wire', 'server/log', 'server/auth', 'ws', '@trpc/server'],
    types: ['server/methods', 'server/devices'],
  },
  {
    place: 'server/listen.ts',
    values: [...node, ...errorsAndNames, 'server/tls'],
    lazily: ['listhen'],
  },
  { place: 'server/gateway.ts', values: root },
  { place: 'server/domains.ts', values: root },
  { place: 'server/renewal.ts', values: root },
  { place: 'server/conversations.ts', values: root },
  { place: 'server/fronts.ts', values: root },
  { place: 'cli', values: cli, types: protocolTypes },
  // Property lists and tasks are XML.
  { place: 'cli/service/launchd-plist.ts', values: [...cli, 'fast-xml-parser'] },
  { place: 'cli/service/windows-task.ts', values: [...cli, 'fast-xml-parser'] },
  // The SDK's client, with the WebSocket that loads fastest.
  { place: 'cli/request.ts', values: [...cli, 'ws'] },
  {
    place: 'cli/local',
    values: [...cli, 'sdk/client', 'sdk/node', 'ws'],
    types: protocolTypes,
    lazily: ['server/log/log-folder.ts'],
  },
  { place: 'cli/ask.ts', values: cli, lazily: ['@clack/prompts'] },
  {
    place: 'cli/setup',
    values: cli,
    types: protocolTypes,
    lazily: ['server/models/known-providers.ts', 'server/models/discover.ts', '@clack/prompts', 'json5'],
  },
  {
    place: 'cli/bugreport',
    values: cli,
    types: [...protocolTypes, 'server/log'],
    lazily: ['server/log/redact.ts', 'json5', 'fflate'],
  },
  {
    place: 'cli/doctor',
    values: cli,
    types: protocolTypes,
    lazily: ['sdk/node/locate.ts', 'server/log/redact.ts', 'json5', 'diff'],
  },
  {
    place: 'cli/commands/standing',
    values: cli,
    types: [...protocolTypes, 'server'],
    lazily: ['server/log/tail.ts'],
  },
  { place: 'cli/ssh', values: [...cli, 'sdk/node/remote-settings.ts'] },
  { place: 'cli/derive.ts', values: ['zod'], types: protocolTypes },
  { place: 'cli/catalogue.ts', values: ['cli', 'sdk/protocol/contract.ts'] },
  { place: 'cli/commands/gateway', values: cli, types: [...protocolTypes, 'server'] },
  {
    place: 'cli/commands/gateway/run.ts',
    values: cli,
    types: [...protocolTypes, 'server'],
    lazily: ['server/gateway.ts', 'server/log'],
  },
  {
    place: 'cli/commands/gateway/dev.ts',
    values: cli,
    lazily: ['server/workspace/starter.ts', 'server/database/gateway-lock.ts'],
  },
  {
    place: 'cli/commands/devices/offline.ts',
    values: cli,
    types: [...protocolTypes, 'server'],
    lazily: ['server/devices/offline.ts'],
  },
  {
    place: 'examples',
    values: [...node, '@openclaw/sdk', 'zod', ...clients],
  },
];

/** Imports that the law does not allow, one line each. */
export function violations(file: SourceFile, table: readonly Room[] = rooms): string[] {
  const room = roomOf(file.path, table);
  if (!room) return [`${file.path} is in no room of the law`];
  return file.imports
    .filter((one) => !isAllowed(one, room))
    .map(({ target, kind }) => `${file.path} imports ${target}${kind === 'value' ? '' : ` (${kind})`}`);
}

/** What the table allows a room by itself, besides what rooms of its kind share, and no file of it imports. */
export function idleAllowances(files: readonly SourceFile[], table: readonly Room[] = rooms): string[] {
  const shared = new Set([...root, ...domain, ...protocolTypes, ...cli, ...clients]);
  return table.flatMap((room) => {
    const own = files.filter(({ path }) => roomOf(path, table) === room).flatMap(({ imports }) => imports);
    const lists = { value: room.values, type: room.types ?? [], lazy: room.lazily ?? [] };
    return (['value', 'type', 'lazy'] as const).flatMap((kind) =>
      lists[kind]
        .filter((allowed) => !shared.has(allowed) && allowed !== room.place)
        .filter((allowed) => !own.some((one) => one.kind === kind && matches(one.target, allowed)))
        .map((allowed) => `${room.place} imports no ${allowed} (${kind})`),
    );
  });
}

// --- internal ---

function roomOf(path: string, table: readonly Room[]): Room | undefined {
  return table.filter(({ place }) => isBelow(path, place)).sort((a, b) => b.place.length - a.place.length)[0];
}

function isAllowed({ target, kind }: Import, room: Room): boolean {
  const also = kind === 'type' ? room.types : kind === 'lazy' ? room.lazily : undefined;
  return [...room.values, ...(also ?? [])].some((allowed) => matches(target, allowed));
}

function matches(target: string, allowed: string): boolean {
  return allowed.endsWith('*') ? target.startsWith(allowed.slice(0, -1)) : isBelow(target, allowed);
}

const isBelow = (path: string, place: string) => path === place || path.startsWith(`${place}/`);
