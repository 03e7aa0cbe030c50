/** The OpenClaw protocol version spoken on the socket. */
export const protocolVersion = 4;

/** The oldest version that probes and nodes may still ask for; they are answered as version 4. */
export const minProbeProtocolVersion = 3;

/** What this gateway can do beyond protocol v4, advertised in `hello-ok.features.capabilities`. */
export const capabilities = ['published-model-catalog', 'run-events', 'scope-grants'] as const;

/** Bytes of one attachment of a message, and of one image; told in `hello-ok.policy.attachments`. */
export const attachmentLimits = { maxBytes: 19_464_192, maxImageBytes: 6_291_456 } as const;
