import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Attachment } from '../../sdk/protocol/fields.ts';
import type { Acceptance, RunInput } from '../agent/runs.ts';
import type { UserPart } from '../models/provider.ts';
import type { Context } from './context.ts';

/** A message as somebody sent it. */
export interface SentMessage {
  message: string;
  attachments?: readonly Attachment[] | undefined;
  /** True to send what looks like a command to the agent as it is. */
  suppressCommandInterpretation?: boolean | undefined;
}

/**
 * Starts the run that a message asks for; a chat command is answered by the gateway itself. Messages of a session start in
 * the order in which they came, also behind one whose files take a while to read.
 * @throws GatewayError as `Runs.start`; INVALID_REQUEST for a message without content, and for attachments that cannot be read.
 */
export function startTyped(ctx: Context, sent: SentMessage, run: Omit<RunInput, 'content'>): Promise<Acceptance> {
  const { message, attachments = [] } = sent;
  if (message.trim() === '' && attachments.length === 0)
    throw new GatewayError('INVALID_REQUEST', 'message or attachment required');
  const before = reading.get(run.sessionKey);
  if (!before && attachments.length === 0) return start(ctx, sent, { ...run, content: toParts(message) });
  const files = ctx.attachments.read(attachments);
  const started = Promise.allSettled([before, files]).then(async () =>
    start(ctx, sent, { ...run, content: [...toParts(message), ...(await files)] }),
  );
  const done = started
    .catch(() => undefined)
    .then(() => {
      if (reading.get(run.sessionKey) === done) reading.delete(run.sessionKey);
    });
  reading.set(run.sessionKey, done);
  return started;
}

// --- internal ---

/** Sessions whose newest message has files that are being read. */
const reading = new Map<string, Promise<unknown>>();

const toParts = (message: string): UserPart[] => (message.trim() === '' ? [] : [{ type: 'text', text: message }]);

function start(ctx: Context, { message, suppressCommandInterpretation }: SentMessage, input: RunInput) {
  const { principal } = ctx;
  const queued: RunInput = { ...input, queue: input.queue ?? { otherwise: 'steer' } };
  return ctx.runs.start(
    suppressCommandInterpretation ? queued : ctx.commands.interpret({ input: queued, message, principal }),
  );
}
