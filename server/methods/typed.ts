import type { Acceptance, RunInput } from '../agent/runs.ts';
import { toUserParts } from './content.ts';
import type { Context } from './context.ts';

/** A message as somebody sent it. */
export interface SentMessage {
  message: string;
  attachments?: Parameters<typeof toUserParts>[1];
  /** True to send what looks like a command to the agent as it is. */
  suppressCommandInterpretation?: boolean | undefined;
}

/** Starts the run that a message asks for; a chat command is answered by the gateway itself. @throws as `Runs.start`. */
export function startTyped(ctx: Context, sent: SentMessage, run: Omit<RunInput, 'content'>): Promise<Acceptance> {
  const { message, attachments, suppressCommandInterpretation } = sent;
  const queue = run.queue ?? { otherwise: 'steer' };
  const input: RunInput = { ...run, queue, content: toUserParts(message, attachments) };
  const { principal } = ctx;
  return ctx.runs.start(suppressCommandInterpretation ? input : ctx.commands.interpret({ input, message, principal }));
}
