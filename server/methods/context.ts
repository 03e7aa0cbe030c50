import type { HealthSnapshot, StatusSummary } from '../../sdk/protocol/health.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { PresenceEntry } from '../../sdk/protocol/presence.ts';
import type { Machine } from '../../sdk/protocol/system.ts';
import type { Compaction } from '../agent/compaction/compaction.ts';
import type { Notes } from '../agent/notes.ts';
import type { Runs } from '../agent/runs.ts';
import type { ToolRegistry } from '../agent/tools/registry.ts';
import type { AgentChanges } from '../agents/changes.ts';
import type { ChatCommands } from '../commands/registry.ts';
import type { Roster } from '../config/agents.ts';
import type { ConfigFile } from '../config/config-file.ts';
import type { ConfigDescription } from '../config/describe.ts';
import type { LiveConfig } from '../config/live.ts';
import type { ConfigReload } from '../config/reload.ts';
import type { Devices } from '../devices/devices.ts';
import type { Stability } from '../health/stability.ts';
import type { Log } from '../log/log.ts';
import type { LogTail, TailOptions } from '../log/tail.ts';
import type { Attachments } from '../media/attachments.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { GatewayIdentity } from '../system/identity.ts';
import type { Restart } from '../system/restart.ts';
import type { SystemEvents } from '../system/system-events.ts';
import type { Updates } from '../system/updates.ts';
import type { UsageReport } from '../usage/report.ts';
import type { AgentFiles } from '../workspace/agent-files.ts';

/** The gateway's domains, as handlers see them. */
export interface Domains {
  config: Pick<LiveConfig, 'current' | 'loaded'>;
  /** Writes the configuration, and puts it into effect. */
  configFile: ConfigFile;
  /** Follows the file when somebody else changes it. */
  configReload: ConfigReload;
  /** What the configuration may hold; made at the first question. */
  configDescription: ConfigDescription;
  /** Last part of the key of an agent's main session, as it is now. */
  mainKey(): string;
  agents: Roster;
  agentFiles: AgentFiles;
  agentChanges: AgentChanges;
  sessions: SessionStore;
  runs: Runs;
  commands: ChatCommands;
  /** Reads the images and files of messages. */
  attachments: Pick<Attachments, 'read'>;
  notes: Notes;
  tools: ToolRegistry;
  usage: UsageReport;
  compaction: Compaction;
  models: ModelRegistry;
  devices: Devices;
  log: Log;
  /** Restarts the gateway in its process. */
  restart: Restart;
  /** What has strained the gateway. */
  diagnostics: Stability;
  /** By what the gateway can be told from others; made at the first question. */
  identity(): Promise<GatewayIdentity>;
  systemEvents: SystemEvents;
  updates: Updates;
  /** Looks at the machine that the gateway runs on. */
  machine(): Promise<Machine>;
  presence(): PresenceEntry[];
  health(options?: { probe?: boolean | undefined }): HealthSnapshot;
  status(): StatusSummary;
  /** Reads the log file that is being written. */
  tailLog(page: TailOptions): Promise<LogTail>;
}

/** What one connection has asked to be told; absent over HTTP. */
export interface Subscriptions {
  connection: string;
  sessions(): void;
  messagesOf(key: string): void;
  stopMessagesOf(key: string): void;
}

/** What a handler gets besides its input. */
export interface Context extends Domains {
  principal: CallContext['principal'];
  subscriptions: Subscriptions | undefined;
  follow: CallContext['follow'];
}
