import { type GatewayLink, toGatewayLink } from './client/gateway-link.ts';
import type { OpenClawOptions } from './client/options.ts';
import { OpenClaw } from './node/openclaw.ts';

// The same names as in index.ts; what differs is that Node finds the gateway, its token and a WebSocket by itself.

// The client

export type { ReconnectOptions } from './client/backoff.ts';
export type { Gap } from './client/connection.ts';
export type { EventMap, Events, GatewayEvent, GatewayEventName } from './client/events.ts';
export type { OpenClawOptions } from './client/options.ts';
export type { WebSocketConstructor, WebSocketLike } from './client/socket.ts';
export type { ConnectionState, ConnectionStatus } from './client/state.ts';
export type { CallOptions } from './client/waiting.ts';
export { OpenClaw };

// Agents, sessions, runs

export type { Agent, Agents, MessageOptions, RunOptions } from './client/agents.ts';
export type { Run } from './client/run.ts';
export type { RunResult } from './client/run-result.ts';
export type {
  EndStep,
  OtherStep,
  ReasoningStep,
  RunStep,
  StatusStep,
  TextStep,
  ToolStep,
} from './client/run-step.ts';
export type { AttachOptions, Runs } from './client/runs.ts';
export type {
  HistoryOptions,
  Session,
  SessionChanges,
  SessionCreation,
  SessionFilter,
  Sessions,
} from './client/sessions.ts';

// tRPC

export type { GatewayLink } from './client/gateway-link.ts';
export type { Mutation, Query, Rpc, Subscription } from './client/rpc.ts';
export type { Contract } from './protocol/contract.ts';

/**
 * A terminating tRPC link with a connection of its own: `createTRPCClient<Contract>({ links: [gatewayLink()] })`.
 * Calls fail with a TRPCClientError whose `cause` is the GatewayError. An {@link OpenClaw} has one too: `oc.link`.
 */
export function gatewayLink(options: OpenClawOptions = {}): GatewayLink {
  return toGatewayLink(new OpenClaw(options));
}

// The nouns of the protocol

export type { RunEvent, RunOutcome } from './protocol/agent.ts';
export type { AgentIdentity, AgentRow } from './protocol/agents.ts';
export type { ChatEvent } from './protocol/chat-event.ts';
export type { ConfigIssue, ConfigSnapshot } from './protocol/config-state.ts';
export type { EventName, EventPayload, SessionsChanged } from './protocol/events.ts';
export type { Attachment } from './protocol/fields.ts';
export type { HealthSnapshot, StatusSummary } from './protocol/health.ts';
export type { ClientIdentity, HelloOk } from './protocol/hello.ts';
export type { HistoryPage } from './protocol/history.ts';
export type { ChatMessage, ContentPart, SessionMessage } from './protocol/message.ts';
export type { ModelRow } from './protocol/models.ts';
export type { InputReceipt, PendingInput, PendingInputs } from './protocol/pending.ts';
export type { PresenceEntry } from './protocol/presence.ts';
export type { QueueDrop, QueueMode } from './protocol/queue.ts';
export type { RunRow } from './protocol/runs.ts';
export type { OperatorScope } from './protocol/scopes.ts';
export type { SearchHit, SessionPreview } from './protocol/session-answers.ts';
export type { SessionDefaults, SessionPage, SessionRow } from './protocol/session-row.ts';
export type { Usage } from './protocol/usage.ts';

// Errors

export { type ErrorCode, GatewayError, isGatewayError } from './protocol/errors.ts';
