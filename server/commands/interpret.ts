import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import type { RunInput } from '../agent/runs.ts';
import type { UserPart } from '../models/provider.ts';
import type { ChatCommand } from './command.ts';

/** A run as it was asked for, and what was typed. */
export interface TypedMessage {
  input: RunInput;
  /** As it was typed, without attachments. */
  message: string;
  principal: Principal;
}

/** The command that a message is; undefined when it is a message for the agent. */
export type FindCommand = (message: string) => { command: ChatCommand; argument: string } | undefined;

/**
 * Turns a message that is a command into a run that the gateway answers itself; others stay as they are. The scope that a
 * command needs has been checked by the contract.
 */
export function interpret({ input, message, principal }: TypedMessage, find: FindCommand): RunInput {
  const found = find(message);
  if (!found) return input;
  const { command, argument } = found;
  const { afresh } = command;
  const { sessionKey, agent, runId, transient = false } = input;
  const content = input.content.filter((part) => part.type !== 'text' || part.text !== message);
  if (afresh && (argument !== '' || content.length > 0)) {
    const text: UserPart[] = argument === '' ? [] : [{ type: 'text', text: argument }];
    // What the caller brought along is what was said before.
    return { ...input, ...(!transient && { afresh }), history: undefined, content: [...text, ...content] };
  }
  if (content.length > 0)
    throw new GatewayError(
      'INVALID_REQUEST',
      `/${command.name} takes no attachments: send them in a message of their own`,
    );
  const answer = (signal: AbortSignal) =>
    toAnswer(command, { argument, sessionKey, agent, runId, transient, principal, signal });
  return { ...input, ...(afresh && !transient && { afresh }), answer };
}

/** What the person can mend is told as the answer, not as a failed run. */
async function toAnswer(command: ChatCommand, call: Parameters<ChatCommand['answer']>[0]): Promise<string> {
  try {
    return await command.answer(call);
  } catch (error) {
    if (error instanceof Error && error.name === 'GatewayError') return error.message;
    throw error;
  }
}
