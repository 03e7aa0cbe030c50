import { z } from 'zod';
import type { StateVersion } from './frames.ts';
import type { HealthSnapshot } from './health.ts';
import type { PresenceEntry } from './presence.ts';
import { shape } from './shape.ts';
import type { UpdateSchedule } from './update.ts';

/** Client ids that the protocol knows; any other is refused. */
export const clientIds = [
  'webchat-ui',
  'openclaw-control-ui',
  'openclaw-browser-copilot',
  'openclaw-tui',
  'webchat',
  'cli',
  'gateway-client',
  'openclaw-macos',
  'openclaw-linux',
  'openclaw-ios',
  'openclaw-watchos',
  'openclaw-android',
  'node-host',
  'openclaw-worker',
  'test',
  'fingerprint',
  'openclaw-probe',
] as const;
export const clientModes = ['webchat', 'cli', 'ui', 'backend', 'node', 'worker', 'probe', 'test'] as const;

export type ClientId = (typeof clientIds)[number];
export type ClientMode = (typeof clientModes)[number];

/** Who the client says it is. */
export interface ClientIdentity {
  id: ClientId;
  mode: ClientMode;
  version: string;
  platform: string;
  displayName?: string | undefined;
  buildId?: string | undefined;
  deviceFamily?: string | undefined;
  modelIdentifier?: string | undefined;
  timeZone?: string | undefined;
  /** Chosen by the client; stays the same over its reconnects. */
  instanceId?: string | undefined;
}

/** Proof that the client holds a device's private key (docs/protocol.md, "Devices"). */
export interface DeviceProof {
  id: string;
  publicKey: string;
  signature: string;
  signedAt: number;
  nonce: string;
}

/** What the client presents; every member is a secret. */
export interface Credentials {
  token?: string | undefined;
  password?: string | undefined;
  deviceToken?: string | undefined;
  bootstrapToken?: string | undefined;
  approvalRuntimeToken?: string | undefined;
  agentRuntimeIdentityToken?: string | undefined;
}

/** Parameters of `connect`, the first request on a socket. */
export interface ConnectParams {
  minProtocol: number;
  maxProtocol: number;
  client: ClientIdentity;
  /** What the client can take, for example `tool-events`. */
  caps?: string[] | undefined;
  commands?: string[] | undefined;
  computerUse?: unknown;
  workerRuns?: Record<string, unknown> | undefined;
  permissions?: Record<string, boolean> | undefined;
  pathEnv?: string | undefined;
  role?: string | undefined;
  /** What the client would like to be allowed. */
  scopes?: string[] | undefined;
  device?: DeviceProof | undefined;
  auth?: Credentials | undefined;
  locale?: string | undefined;
  userAgent?: string | undefined;
}

const text = z.string().min(1);
const names = z.array(text).max(256);

export const ConnectParams = shape<ConnectParams>()(
  z.strictObject({
    minProtocol: z.number().int().min(1),
    maxProtocol: z.number().int().min(1),
    client: z.strictObject({
      id: z.enum(clientIds),
      mode: z.enum(clientModes),
      version: text,
      platform: text,
      displayName: text.optional(),
      buildId: text.max(96).optional(),
      deviceFamily: text.optional(),
      modelIdentifier: text.optional(),
      timeZone: text.max(64).optional(),
      instanceId: text.optional(),
    }),
    caps: names.optional(),
    commands: names.optional(),
    computerUse: z.unknown().optional(),
    workerRuns: z.record(z.string(), z.unknown()).optional(),
    permissions: z.record(z.string(), z.boolean()).optional(),
    pathEnv: z.string().optional(),
    role: text.optional(),
    scopes: names.optional(),
    device: z
      .strictObject({
        id: text,
        publicKey: text,
        signature: text,
        signedAt: z.number().int().nonnegative(),
        nonce: z.string(),
      })
      .optional(),
    auth: z
      .strictObject({
        token: z.string().optional(),
        password: z.string().optional(),
        deviceToken: z.string().optional(),
        bootstrapToken: z.string().optional(),
        approvalRuntimeToken: z.string().optional(),
        agentRuntimeIdentityToken: z.string().optional(),
      })
      .optional(),
    locale: z.string().optional(),
    userAgent: z.string().optional(),
  }),
);

/** Why a client holds the scopes it holds (docs/protocol.md, "Scopes"). */
export type GrantedAs = 'device' | 'local-tool' | 'remote-tool' | 'guest' | 'node';

/** A scope that a client asked for and did not get. */
export interface WithheldScope {
  scope: string;
  /**
   * `device-required`: without a device identity this client gets none. `node-role`: nodes have none. `narrowed`: the proxy
   * in between gives less, by `x-openclaw-scopes`.
   */
  reason: 'device-required' | 'node-role' | 'narrowed';
  /** What to do to get it, for people. */
  fix: string;
}

/** The answer to `connect`: who the gateway is, what it can do, how things stand. */
export interface HelloOk {
  type: 'hello-ok';
  /** Always 4. */
  protocol: number;
  server: {
    version: string;
    /** Of this socket. */
    connId: string;
    /** Of this start of the gateway. */
    bootId?: string | undefined;
    /** Names the sources of its build; absent where the sources themselves run. */
    buildId?: string | undefined;
  };
  features: { methods: string[]; events: string[]; capabilities?: string[] | undefined };
  snapshot: {
    presence: PresenceEntry[];
    health: HealthSnapshot;
    stateVersion: StateVersion;
    uptimeMs: number;
    suspension?: { phase: 'accepting' | 'preparing' | 'draining' | 'prepared' } | undefined;
    appliedConfigHash?: string | null | undefined;
    sessionDefaults?:
      | {
          defaultAgentId: string;
          mainKey: string;
          mainSessionKey: string;
          scope?: string | undefined;
          modelConfigured?: boolean | undefined;
          /** `sole` for one agent; `legacy` for several, of which the default one answers where none is named. */
          ownership?: 'sole' | 'legacy' | undefined;
          /** Whether a client has to name an agent. */
          selectionRequired?: boolean | undefined;
        }
      | undefined;
    /** How the gateway was installed, and how it stands to what it follows once `update.status` has looked. */
    updateSchedule?: UpdateSchedule | undefined;
    /** Members from here on are for admins only. */
    configPath?: string | undefined;
    stateDir?: string | undefined;
    authMode?: 'none' | 'token' | 'password' | 'trusted-proxy' | undefined;
  };
  auth: {
    role: string;
    /** What the client may do from now on. */
    scopes: string[];
    /** How it was recognised. */
    method?: string | undefined;
    /** The token of this device and role: the same on every connect until it is rotated, revoked or upgraded. */
    deviceToken?: string | undefined;
    /** When that token was issued, milliseconds since the epoch. */
    issuedAtMs?: number | undefined;
    /** The same for the same caller and secret: by it a client recognises what it kept. */
    recoveryScope?: string | undefined;
    /** What the client asked for. With the next two, capability `scope-grants`. */
    requestedScopes?: string[] | undefined;
    /** What it did not get of that, and why. */
    withheldScopes?: WithheldScope[] | undefined;
    grantedAs?: GrantedAs | undefined;
  };
  policy: {
    /** Bytes of the largest frame the gateway reads. */
    maxPayload: number;
    /** Bytes that may wait for this client before it is cut off. */
    maxBufferedBytes: number;
    tickIntervalMs: number;
    attachments?: { maxBytes: number; maxImageBytes: number } | undefined;
    /** How widely a session may be shared: all who may read see all. */
    allowedSessionVisibilities?: 'shared'[] | undefined;
    /** False while callers are known by a secret or a device, not as persons. */
    hasMultipleSessionSharingIdentities?: boolean | undefined;
  };
}
