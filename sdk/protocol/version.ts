/** The OpenClaw protocol version spoken on the socket. */
export const protocolVersion = 4;

/** The oldest version that probes and nodes may still ask for; they are answered as version 4. */
export const minProbeProtocolVersion = 3;

/** What this gateway can do beyond protocol v4, advertised in `hello-ok.features.capabilities`. */
export const capabilities = ['published-model-catalog', 'run-events', 'scope-grants'] as const;
