import { eventSpecs, methods } from '../../sdk/protocol/contract.ts';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { isGranted } from '../../sdk/protocol/scopes.ts';
import { attachmentLimits, capabilities, protocolVersion } from '../../sdk/protocol/version.ts';
import type { Connection, Session } from './connection.ts';
import type { Limits } from './limits.ts';

/** What hello says of the gateway besides what the wire knows itself. */
export interface HelloFacts {
  server: Omit<HelloOk['server'], 'connId'>;
  /** As an admin sees it; the members for admins only are left out for others. */
  snapshot: Omit<HelloOk['snapshot'], 'presence' | 'stateVersion'>;
}

export interface Welcome {
  connection: Connection;
  session: Session;
  auth: HelloOk['auth'];
  facts: HelloFacts;
  /** What the wire knows. */
  state: Pick<HelloOk['snapshot'], 'presence' | 'stateVersion'>;
  limits: Limits;
}

/** Composes the answer to `connect`. The lists of methods and events do not depend on the scopes. */
export function toHelloOk({ connection, session, auth, facts, state, limits }: Welcome): HelloOk {
  const { scopes } = session.principal;
  return {
    type: 'hello-ok',
    protocol: protocolVersion,
    server: { ...facts.server, connId: connection.id },
    features: { methods: [...methods.keys()], events: [...eventSpecs.keys()], capabilities: [...capabilities] },
    snapshot: {
      ...(isGranted(scopes, 'operator.admin') ? facts.snapshot : withoutAdminMembers(facts.snapshot)),
      ...state,
    },
    auth,
    policy: {
      maxPayload: limits.maxPayloadBytes,
      maxBufferedBytes: limits.maxBufferedBytes,
      tickIntervalMs: limits.tickIntervalMs,
      attachments: attachmentLimits,
      allowedSessionVisibilities: ['shared'],
      hasMultipleSessionSharingIdentities: false,
    },
  };
}

function withoutAdminMembers(snapshot: HelloFacts['snapshot']): HelloFacts['snapshot'] {
  const { configPath, stateDir, authMode, ...rest } = snapshot;
  return rest;
}
