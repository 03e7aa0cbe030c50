// Methods and events

export { type Contract, contract, eventSpecs, methods } from './contract.ts';
export { type EventName, type EventPayload, events, SessionOperation, SessionsChanged } from './events.ts';
export type { CallContext, CallLimit, CommandHints, EventMeta, MethodMeta, SecondAnswer, Spec } from './method.ts';

// Schemas of the nouns, each with its interface

export { RunEvent, RunOutcome } from './agent.ts';
export { AgentFile, type AgentIdentity, AgentPresentation, AgentRow } from './agents.ts';
export { ChatEvent } from './chat-event.ts';
export { CommandEntry, parseTypedCommand } from './commands.ts';
export { type ConfigHint, type ConfigSchemaChild, ConfigSchemaNode } from './config-schema.ts';
export {
  type ConfigIssue,
  ConfigRevision,
  type ConfigSentinel,
  ConfigSnapshot,
  ConfigWritten,
} from './config-state.ts';
export { type DeviceClient, type DeviceToken, PairedDevice, PairingRequest } from './device.ts';
export { type RecordStability, StabilityRecord, type StabilitySummary } from './diagnostics.ts';
export { LastRestart, RestartPreflight, ScheduledRestart } from './gateway.ts';
export { HealthSnapshot, StatusSummary } from './health.ts';
export { HistoryDelta, HistoryPage } from './history.ts';
export { ChatMessage, ContentPart, SessionMessage } from './message.ts';
export { ModelRow, ProviderAuth } from './models.ts';
export { InputReceipt, type PendingInput, PendingInputs } from './pending.ts';
export { type Beacon, PresenceEntry } from './presence.ts';
export { ProviderLimits } from './provider-limits.ts';
export { QueueDrop, QueueMode } from './queue.ts';
export { RunRow } from './runs.ts';
export { ResolvedSecrets } from './secrets.ts';
export { SearchHit, SessionPreview } from './session-answers.ts';
export { SessionDefaults, SessionPage, SessionRow } from './session-row.ts';
export { Machine } from './system.ts';
export { ToolCatalogEntry, ToolInvocationResult, ToolRow } from './tools.ts';
export { UpdateAvailable, UpdateSchedule } from './update.ts';
export { Cost, Usage } from './usage.ts';
export { SessionsUsage, SessionUsage } from './usage-report.ts';
export { CostSummary, UsageTotals } from './usage-sums.ts';

// The handshake and its frames

export {
  type EventFrame,
  type Frame,
  isServerFrame,
  parseRequestFrame,
  type RequestFrame,
  type ResponseFrame,
  type StateVersion,
} from './frames.ts';
export {
  type ClientId,
  type ClientIdentity,
  type ClientMode,
  ConnectParams,
  type Credentials,
  clientIds,
  clientModes,
  type DeviceProof,
  type GrantedAs,
  type HelloOk,
  type WithheldScope,
} from './hello.ts';
export {
  type AuthMethod,
  isGranted,
  missingScopes,
  type OperatorScope,
  operatorScopes,
  type Principal,
  type Role,
} from './scopes.ts';
export { capabilities, minProbeProtocolVersion, protocolVersion } from './version.ts';

// Errors

export {
  type ErrorCode,
  type ErrorShape,
  errorCodes,
  fromErrorShape,
  GatewayError,
  isGatewayError,
  toErrorShape,
} from './errors.ts';
