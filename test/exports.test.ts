import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSource } from './law/imports.ts';

const dist = join(import.meta.dirname, '..', 'sdk', 'dist');

/** Names in a built declaration file: values and types. */
async function declared(file: string): Promise<string[]> {
  return readSource(file, await readFile(join(dist, file), 'utf8')).exported.sort();
}

/** Names that exist at run time. */
async function offered(specifier: string): Promise<string[]> {
  return Object.keys(await import(specifier)).sort();
}

// A name that appears or goes is a decision: change the snapshot with it (npx vitest run test/exports.test.ts -u), and the changelog.
describe('what @openclaw/sdk offers', () => {
  it('is the same in Node and in a browser', async () => {
    const names = await offered('@openclaw/sdk');
    expect(names).toMatchInlineSnapshot(`
      [
        "GatewayError",
        "OpenClaw",
        "gatewayLink",
        "isGatewayError",
      ]
    `);
    expect(await offered(join(dist, 'index.js'))).toEqual(names);
    expect(await declared('index.node.d.ts')).toEqual(await declared('index.d.ts'));
  });

  it('has these types', async () => {
    expect(await declared('index.d.ts')).toMatchInlineSnapshot(`
      [
        "Agent",
        "AgentIdentity",
        "AgentRow",
        "Agents",
        "AttachOptions",
        "Attachment",
        "CallOptions",
        "ChatEvent",
        "ChatMessage",
        "ClientIdentity",
        "ConfigIssue",
        "ConfigSnapshot",
        "ConnectionState",
        "ConnectionStatus",
        "ContentPart",
        "Contract",
        "EndStep",
        "ErrorCode",
        "EventMap",
        "EventName",
        "EventPayload",
        "Events",
        "Gap",
        "GatewayError",
        "GatewayEvent",
        "GatewayEventName",
        "GatewayLink",
        "HealthSnapshot",
        "HelloOk",
        "HistoryOptions",
        "HistoryPage",
        "InputReceipt",
        "MessageOptions",
        "ModelRow",
        "Mutation",
        "OpenClaw",
        "OpenClawOptions",
        "OperatorScope",
        "OtherStep",
        "PendingInput",
        "PendingInputs",
        "PresenceEntry",
        "Query",
        "QueueDrop",
        "QueueMode",
        "ReasoningStep",
        "ReconnectOptions",
        "Rpc",
        "Run",
        "RunEvent",
        "RunOptions",
        "RunOutcome",
        "RunResult",
        "RunRow",
        "RunStep",
        "Runs",
        "SearchHit",
        "Session",
        "SessionChanges",
        "SessionCreation",
        "SessionDefaults",
        "SessionFilter",
        "SessionMessage",
        "SessionPage",
        "SessionPreview",
        "SessionRow",
        "Sessions",
        "SessionsChanged",
        "StatusStep",
        "StatusSummary",
        "Subscription",
        "TextStep",
        "ToolStep",
        "Usage",
        "WebSocketConstructor",
        "WebSocketLike",
        "gatewayLink",
        "isGatewayError",
      ]
    `);
  });

  it('has these schemas and tables under ./protocol', async () => {
    expect(await offered('@openclaw/sdk/protocol')).toMatchInlineSnapshot(`
      [
        "AgentFile",
        "AgentPresentation",
        "AgentRow",
        "ChatEvent",
        "ChatMessage",
        "CommandEntry",
        "ConfigRevision",
        "ConfigSchemaNode",
        "ConfigSnapshot",
        "ConfigWritten",
        "ConnectParams",
        "ContentPart",
        "Cost",
        "CostSummary",
        "GatewayError",
        "HealthSnapshot",
        "HistoryDelta",
        "HistoryPage",
        "InputReceipt",
        "LastRestart",
        "Machine",
        "ModelRow",
        "PairedDevice",
        "PairingRequest",
        "PendingInputs",
        "PresenceEntry",
        "ProviderAuth",
        "ProviderLimits",
        "QueueDrop",
        "QueueMode",
        "ResolvedSecrets",
        "RestartPreflight",
        "RunEvent",
        "RunOutcome",
        "RunRow",
        "ScheduledRestart",
        "SearchHit",
        "SessionDefaults",
        "SessionMessage",
        "SessionOperation",
        "SessionPage",
        "SessionPreview",
        "SessionRow",
        "SessionUsage",
        "SessionsChanged",
        "SessionsUsage",
        "StabilityRecord",
        "StatusSummary",
        "ToolCatalogEntry",
        "ToolInvocationResult",
        "ToolRow",
        "UpdateAvailable",
        "UpdateSchedule",
        "Usage",
        "UsageTotals",
        "capabilities",
        "clientIds",
        "clientModes",
        "contract",
        "errorCodes",
        "eventSpecs",
        "events",
        "fromErrorShape",
        "isGatewayError",
        "isGranted",
        "isServerFrame",
        "methods",
        "minProbeProtocolVersion",
        "missingScopes",
        "operatorScopes",
        "parseRequestFrame",
        "parseTypedCommand",
        "protocolVersion",
        "toErrorShape",
      ]
    `);
  });
});
