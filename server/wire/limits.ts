/** Every number of the protocol that the gateway holds clients to (docs/protocol.md, "Limits"). */
export interface Limits {
  /** Largest frame read before hello, bytes. Larger closes 1009. */
  maxPreauthPayloadBytes: number;
  /** Largest frame read after hello, bytes. Larger closes 1009. */
  maxPayloadBytes: number;
  /** What may wait for one client, bytes. Beyond it, droppable events are skipped and anything else closes 1008. */
  maxBufferedBytes: number;
  /** What may wait for all clients together, bytes. Beyond it, each is held to its share. */
  maxTotalBufferedBytes: number;
  /** The least that one client's share is, bytes. */
  minBufferedShareBytes: number;
  /** From the opening of a socket to its `connect`, milliseconds in which the process was free to read it. Close 1000. */
  handshakeTimeoutMs: number;
  /** Sockets of one address that may wait for hello. One more gets HTTP 503. */
  maxPreauthConnectionsPerAddress: number;
  /** Frames that may queue behind `connect`. One more closes 1008. */
  maxQueuedHandshakeFrames: number;
  /** Between pings to a client after hello, milliseconds. A ping that is unanswered at the next one ends the socket. */
  pingIntervalMs: number;
  /** Between `tick` events, milliseconds. */
  tickIntervalMs: number;
  /** Requests that may wait to be started, of all clients together. One more is answered UNAVAILABLE. */
  maxWaitingRequests: number;
  /** Size of the frames of waiting requests together, bytes. */
  maxWaitingRequestBytes: number;
  /** Requests that are started before other work of the process gets its turn. */
  maxStartsPerTurn: number;
  /** Calls in a row that the client's role may not make. One more closes 1008. */
  maxUnauthorizedCalls: number;
  /** Sessions whose messages one client may follow. */
  maxMessageSubscriptions: number;
  /** Events that may wait for a listener over HTTP. */
  maxListenerEvents: number;
  /** Rows of the list of who is present; when there are more, the newest are told. */
  maxPresenceEntries: number;
  /** What somebody who is not connected has said of itself is kept so long, milliseconds. */
  beaconLifeMs: number;
  /** Least time between two events that tell all clients how things stand, milliseconds. */
  newsPauseMs: number;
  /** For the client's half of a close, milliseconds. */
  closeTimeoutMs: number;
}

export const defaultLimits: Limits = {
  maxPreauthPayloadBytes: 65_536,
  maxPayloadBytes: 26_214_400,
  maxBufferedBytes: 52_428_800,
  maxTotalBufferedBytes: 268_435_456,
  minBufferedShareBytes: 1_048_576,
  handshakeTimeoutMs: 15_000,
  maxPreauthConnectionsPerAddress: 32,
  maxQueuedHandshakeFrames: 15,
  pingIntervalMs: 25_000,
  tickIntervalMs: 30_000,
  maxWaitingRequests: 256,
  maxWaitingRequestBytes: 52_428_800,
  maxStartsPerTurn: 64,
  maxUnauthorizedCalls: 10,
  maxMessageSubscriptions: 1_000,
  maxListenerEvents: 1_000,
  maxPresenceEntries: 200,
  beaconLifeMs: 300_000,
  newsPauseMs: 100,
  closeTimeoutMs: 2_000,
};

/** What a close frame has room for, bytes (RFC 6455, 5.5). */
export const maxCloseReasonBytes = 123;

/** Which variable of the environment sets which limit. */
const variables = {
  handshakeTimeoutMs: 'OPENCLAW_HANDSHAKE_TIMEOUT_MS',
  maxPreauthConnectionsPerAddress: 'OPENCLAW_MAX_PREAUTH_CONNECTIONS_PER_IP',
} as const satisfies Partial<Record<keyof Limits, string>>;

/** The limits with what the environment changes; values that are not positive whole numbers are ignored, with a warning. */
export function limitsFrom(env: Record<string, string | undefined>, warn: (message: string) => void): Limits {
  const limits = { ...defaultLimits };
  for (const [limit, name] of Object.entries(variables) as [keyof typeof variables, string][]) {
    const text = env[name]?.trim();
    const count = Number(text);
    if (Number.isSafeInteger(count) && count > 0) limits[limit] = count;
    else if (text) warn(`${name} is ignored: "${text.slice(0, 40)}" is no whole number from 1 on`);
  }
  return limits;
}
