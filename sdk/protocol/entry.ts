// Methods and events

// Schemas of the nouns, each with its interface
export { RunEvent, RunOutcome } from './agent.ts';
export { AgentFile, type AgentIdentity, AgentPresentation, AgentRow } from './agents.ts';
export { ChatEvent, ChatMessage, ContentPart, HistoryDelta, HistoryPage } from './chat.ts';
export { CommandEntry, parseTypedCommand } from './commands.ts';
export {
  type ConfigHint,
  type ConfigIssue,
  ConfigRevision,
  type ConfigSchemaChild,
  ConfigSchemaNode,
  type ConfigSentinel,
  ConfigSnapshot,
  ConfigWritten,
} from './config.ts';
export { type Contract, contract, eventSpecs, methods } from './contract.ts';
export { type DeviceClient, type DeviceToken, PairedDevice, PairingRequest } from './device.ts';
export { type RecordStability, StabilityRecord, type StabilitySummary } from './diagnostics.ts';
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
export {
  type EventName,
  type EventPayload,
  events,
  SessionMessage,
  SessionOperation,
  SessionsChanged,
} from './events.ts';
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
export { LastRestart, RestartPreflight, ScheduledRestart } from './gateway.ts';
export { HealthSnapshot, StatusSummary } from './health.ts';
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
export type { CallContext, CallLimit, CommandHints, EventMeta, MethodMeta, SecondAnswer, Spec } from './method.ts';
export { ModelRow, ProviderAuth } from './models.ts';
export { InputReceipt, type PendingInput, PendingInputs } from './pending.ts';
export { type Beacon, PresenceEntry } from './presence.ts';
export { QueueDrop, QueueMode } from './queue.ts';
export { RunRow } from './runs.ts';
export {
  type AuthMethod,
  isGranted,
  missingScopes,
  type OperatorScope,
  operatorScopes,
  type Principal,
  type Role,
} from './scopes.ts';
export { ResolvedSecrets } from './secrets.ts';
export { SearchHit, SessionDefaults, SessionPage, SessionPreview, SessionRow } from './sessions.ts';
export { Machine } from './system.ts';
export { ToolCatalogEntry, ToolInvocationResult, ToolRow } from './tools.ts';
export { UpdateAvailable, UpdateSchedule } from './update.ts';
export { Cost, Usage } from './usage.ts';
export { CostSummary, ProviderLimits, SessionsUsage, SessionUsage, UsageTotals } from './usage-report.ts';
export { capabilities, minProbeProtocolVersion, protocolVersion } from './version.ts';
