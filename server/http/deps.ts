import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import type { Runs } from '../agent/runs.ts';
import type { ToolRegistry } from '../agent/tools/registry.ts';
import type { Caller } from '../auth/caller.ts';
import type { ChatCommands } from '../commands/registry.ts';
import type { Roster } from '../config/agents.ts';
import type { LiveConfig } from '../config/live.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Log } from '../log/log.ts';
import type { Media } from '../media/media.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { ResponseStore } from '../responses/store.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { Access } from './auth.ts';
import type { AnsweredRequest } from './route.ts';

/** What the routes work with. */
export interface HttpDeps extends Access {
  agents: Roster;
  config: Pick<LiveConfig, 'current'>;
  runs: Pick<Runs, 'start' | 'find'>;
  commands: Pick<ChatCommands, 'interpret' | 'leaveOut'>;
  models: Pick<ModelRegistry, 'find' | 'fallback' | 'embed'>;
  /** Reads images and files of bodies. */
  media: Media;
  sessions: Pick<SessionStore, 'find' | 'history' | 'lastOf' | 'ofRun' | 'isToldHistory'>;
  tools: Pick<ToolRegistry, 'catalog' | 'invoke'>;
  responses: ResponseStore;
  hooks: Pick<
    Hooks,
    'settings' | 'isToken' | 'expectsSignature' | 'find' | 'check' | 'wake' | 'run' | 'map' | 'completion'
  >;
  probes: Probes;
  metrics: ExposedMetrics;
  /** What a method called over HTTP runs in; `listen` serves the subscriptions. */
  callContext(principal: Principal, caller: Caller): CallContext;
  /** Of the gateway. */
  version: string;
  log: Log;
  limits?: Partial<HttpLimits> | undefined;
}

/** What the gateway counts and measures of itself. */
export interface ExposedMetrics {
  /** Everything as it is now, for Prometheus. */
  expose(): Promise<{ contentType: string; text: string }>;
  /** Told of every answer that is over. Contract: does not throw. */
  answeredRequest(request: AnsweredRequest): void;
  /** Told of every method called over HTTP. Contract: does not throw. */
  answeredCall(call: { transport: 'rpc'; method: string; outcome: string; ms?: number }): void;
}

/** How the gateway is, for supervisors and load balancers. */
export interface Probes {
  /** `draining` once the gateway refuses new work. */
  phase(): 'starting' | 'started' | 'draining';
  /** Names of the parts that are not ready; empty when all are. */
  failing(): string[];
  /** Milliseconds since the epoch. */
  startedAt: number;
}

export interface HttpLimits {
  /** Bytes of a request body. Default 20 MB. */
  maxBodyBytes: number;
  /** Milliseconds without a byte of the body. Default 30 000. */
  bodyIdleMs: number;
  /** Milliseconds a streamed answer may stay without a head, so that an early failure can be a status. Default 3000. */
  headAfterMs: number;
  /** Milliseconds between comments on a streamed answer. Default 15 000. */
  keepAliveMs: number;
  /** Bytes that may wait for a caller who does not read. Default 8 MiB. */
  maxBufferedBytes: number;
}

export const defaultLimits: HttpLimits = {
  maxBodyBytes: 20_000_000,
  bodyIdleMs: 30_000,
  headAfterMs: 3000,
  keepAliveMs: 15_000,
  maxBufferedBytes: 8 * 1024 * 1024,
};
