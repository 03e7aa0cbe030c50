import { z } from 'zod';
import { agentId, count, nothing, sessionKey, timestampMs } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

/** How an agent presents itself. */
export interface AgentIdentity {
  name?: string | undefined;
  theme?: string | undefined;
  emoji?: string | undefined;
  avatar?: string | undefined;
}

/** One agent, as a list shows it. */
export interface AgentRow {
  id: string;
  kind: 'agent';
  name?: string | undefined;
  identity?: AgentIdentity | undefined;
  /** Folder the agent works in, absolute. */
  workspace?: string | undefined;
  /** True when the workspace is the root of a git repository. */
  workspaceGit?: boolean | undefined;
  model?: {
    /** `<provider>/<model>`. */
    primary?: string | undefined;
    /** Tried in this order when the primary fails before its first token. */
    fallbacks?: string[] | undefined;
  };
  /** What works off its runs: always the gateway itself. */
  agentRuntime: { id: 'openclaw'; source: 'implicit' };
  /** How much its model thinks unless a run or a session says otherwise. */
  thinkingDefault?: string | undefined;
}

export const AgentRow = shape<AgentRow>()(
  z.object({
    id: z.string().min(1),
    kind: z.literal('agent'),
    name: z.string().optional(),
    identity: z
      .object({
        name: z.string().optional(),
        theme: z.string().optional(),
        emoji: z.string().optional(),
        avatar: z.string().optional(),
      })
      .optional(),
    workspace: z.string().optional(),
    workspaceGit: z.boolean().optional(),
    model: z.object({ primary: z.string().optional(), fallbacks: z.array(z.string()).optional() }).optional(),
    agentRuntime: z.object({ id: z.literal('openclaw'), source: z.literal('implicit') }),
    thinkingDefault: z.string().optional(),
  }),
);

/** How an agent presents itself, all sources considered. */
export interface AgentPresentation {
  agentId: string;
  name?: string | undefined;
  /** `config`: its identity; `agent`: its name there; `workspace`: its `IDENTITY.md`; `default`: its id. */
  nameSource?: 'config' | 'agent' | 'workspace' | 'default' | undefined;
  /** An address or a data URL. */
  avatar?: string | undefined;
  /** What the identity names, for example a file of the workspace. */
  avatarSource?: string | undefined;
  avatarStatus?: 'none' | 'local' | 'remote' | 'data' | undefined;
  /** Why there is no avatar. */
  avatarReason?: string | undefined;
  emoji?: string | undefined;
}

export const AgentPresentation = shape<AgentPresentation>()(
  z.object({
    agentId: z.string(),
    name: z.string().optional(),
    nameSource: z.enum(['config', 'agent', 'workspace', 'default']).optional(),
    avatar: z.string().optional(),
    avatarSource: z.string().optional(),
    avatarStatus: z.enum(['none', 'local', 'remote', 'data']).optional(),
    avatarReason: z.string().optional(),
    emoji: z.string().optional(),
  }),
);

/** A file of an agent's workspace that says who the agent is. */
export interface AgentFile {
  /** One of a fixed set, for example `AGENTS.md`. */
  name: string;
  /** Absolute, on the gateway's machine. */
  path: string;
  /** True when there is no such file. */
  missing: boolean;
  /** True when the file is missing and an agent may well do without it. */
  expectedAbsent?: boolean | undefined;
  /** Bytes. */
  size?: number | undefined;
  /** Milliseconds since the epoch. */
  updatedAtMs?: number | undefined;
  /** SHA-256 of the bytes, hexadecimal; what `expectedHash` is compared with. */
  hash?: string | undefined;
  content?: string | undefined;
}

export const AgentFile = shape<AgentFile>()(
  z.object({
    name: z.string(),
    path: z.string(),
    missing: z.boolean(),
    expectedAbsent: z.boolean().optional(),
    size: count.optional(),
    updatedAtMs: timestampMs.optional(),
    hash: z.string().optional(),
    content: z.string().optional(),
  }),
);

const agentName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u, 'has to be one line');
const folder = z.string().min(1).max(4096);
const avatar = z.string().max(1024 * 1024);
const fileName = z.string().min(1).max(255);
const fileAnswer = { agentId: z.string(), workspace: z.string(), file: AgentFile };

export const agents = router({
  /** Lists the configured agents, the default one first. */
  list: query({
    summary: 'List agents.',
    scope: 'operator.read',
    input: nothing,
    output: z.object({
      defaultId: z.string(),
      ownership: z.enum(['sole', 'legacy']),
      selectionRequired: z.literal(false),
      mainKey: z.string(),
      scope: z.enum(['per-sender', 'global']),
      agents: z.array(AgentRow),
    }),
  }),

  /**
   * Adds an agent to the configuration and makes its workspace, with a first set of files; what is there stays. Its id is made
   * of its name. In effect when it answers.
   */
  create: mutation({
    summary: 'Add an agent.',
    scope: 'operator.admin',
    input: z.strictObject({
      /** For people; `Quill & Co` has the id `quill-co`. */
      name: agentName,
      /** Absolute, or beginning with `~/`; a folder of its own in the state directory when absent. */
      workspace: folder.optional(),
      /** `<provider>/<model>`; that of all agents when absent. */
      model: z.string().min(1).max(512).optional(),
      emoji: z.string().max(64).optional(),
      /** An address, a `data:` URL, or a picture in its workspace. */
      avatar: avatar.optional(),
    }),
    output: z.object({
      ok: z.literal(true),
      agentId: z.string(),
      name: z.string(),
      workspace: z.string(),
      model: z.string().optional(),
    }),
    cli: { positionals: ['name'] },
  }),

  /** Changes an agent in the configuration; what is absent stays. In effect when it answers. */
  update: mutation({
    summary: 'Change an agent.',
    scope: 'operator.admin',
    input: z.strictObject({
      agentId,
      name: agentName.optional(),
      /** Another folder; nothing is moved. */
      workspace: folder.optional(),
      /** `null`: that of all agents. */
      model: z.string().min(1).max(512).nullable().optional(),
      /** Empty: none. */
      emoji: z.string().max(64).optional(),
      /** Empty: none. */
      avatar: avatar.optional(),
    }),
    output: z.object({ ok: z.literal(true), agentId: z.string() }),
    cli: { positionals: ['agentId'] },
  }),

  /**
   * Takes an agent out of the configuration, with its bindings and conversations; their transcripts are kept as files. Its
   * workspace moves to the trash of the state directory, unless `deleteFiles` is false; one that is elsewhere, or that another
   * agent works in, stays and is told in `failed`. `main` and the only agent cannot be deleted.
   */
  delete: mutation({
    summary: 'Delete an agent.',
    scope: 'operator.admin',
    input: z.strictObject({
      agentId,
      /** Move its workspace to the trash. */
      deleteFiles: z.boolean().default(true),
    }),
    output: z.object({
      ok: z.literal(true),
      agentId: z.string(),
      removedBindings: count,
      removed: z.array(z.object({ path: z.string(), method: z.enum(['trash', 'missing']) })).optional(),
      failed: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
      purgeFailed: z.literal(true).optional(),
    }),
    cli: { positionals: ['agentId'] },
  }),

  /** Lists the files that say who an agent is, there or not, without their content. */
  'files.list': query({
    summary: 'List the files that say who an agent is.',
    scope: 'operator.read',
    input: z.strictObject({ agentId }),
    output: z.object({ agentId: z.string(), workspace: z.string(), files: z.array(AgentFile) }),
    cli: { positionals: ['agentId'] },
  }),

  /** Reads one of these files; `missing` when it is not there. */
  'files.get': query({
    summary: 'Read a file that says who an agent is.',
    scope: 'operator.read',
    input: z.strictObject({ agentId, name: fileName }),
    output: z.object(fileAnswer),
    cli: { positionals: ['agentId', 'name'] },
  }),

  /**
   * Writes one of these files whole; the agent reads it before its next run. With `expectedHash` it is written only when the
   * file is still the one with that hash: otherwise INVALID_REQUEST, `details.type: 'agent_file_conflict'`, `currentHash`.
   */
  'files.set': mutation({
    summary: 'Write a file that says who an agent is.',
    scope: 'operator.admin',
    input: z.strictObject({
      agentId,
      name: fileName,
      content: z.string(),
      /** SHA-256 of the file as it was read. */
      expectedHash: z
        .string()
        .regex(/^[0-9a-f]{64}$/i, 'has to be a SHA-256 in hexadecimal')
        .optional(),
    }),
    output: z.object({ ok: z.literal(true), ...fileAnswer }),
    cli: { positionals: ['agentId', 'name'], long: ['content'] },
  }),
});

/** Tells how an agent presents itself: by its configuration, then by its `IDENTITY.md`. */
export const agentIdentityGet = query({
  summary: 'Tell how an agent presents itself.',
  scope: 'operator.read',
  input: z.strictObject({ agentId: agentId.optional(), sessionKey: sessionKey.optional() }).prefault({}),
  output: AgentPresentation,
  cli: { positionals: ['agentId'] },
});
