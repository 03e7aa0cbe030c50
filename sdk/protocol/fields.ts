import { z } from 'zod';

/** Field schemas that several namespaces share; each is named as on the wire. */

/** A session key: canonical (`agent:<agentId>:<rest>`), the alias `main`, or a bare rest. */
export const sessionKey = z.string().min(1).max(512);
/** Id of an agent, as `agents.list` tells it. */
export const agentId = z.string().min(1).max(64);
export const timestampMs = z.number().int().nonnegative();
export const count = z.number().int().nonnegative();
/** Chosen by the client; the same key again replays the first answer. */
export const idempotencyKey = z.string().min(1).max(256);
/** A name that people gave, unique among live sessions. */
export const label = z.string().min(1).max(512);
/** How much the model may think: `off`, `minimal`, `low`, `medium`, `high`, or a level that only its provider knows. */
export const thinking = z.string().max(64);
/** Id of a run: the idempotency key it was started with. */
export const runId = z.string().min(1).max(256);

/** Input of a method that takes nothing. */
export const nothing = z.strictObject({}).prefault({});

/** A file or image sent with a message. */
export interface Attachment {
  /** `image` or `file`; decided by `mimeType` when absent. */
  type?: string | undefined;
  /** For example `image/png`. */
  mimeType?: string | undefined;
  fileName?: string | undefined;
  /** Base64, with or without a `data:` prefix. */
  content?: unknown;
  sizeBytes?: number | undefined;
  durationMs?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
}

/** Images and text files that belong to the message. */
export const attachments = z.array(
  z.looseObject({
    /** `image` or `file`; decided by `mimeType` when absent. */
    type: z.string().optional(),
    /** For example `image/png`. */
    mimeType: z.string().optional(),
    fileName: z.string().optional(),
    /** Base64, with or without a `data:` prefix. */
    content: z.unknown().optional(),
  }),
);
