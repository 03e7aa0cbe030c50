import type { CommandArgument, CommandEntry } from '../../sdk/protocol/commands.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import type { AgentSpec } from '../config/agents.ts';

/** A command as somebody typed it in a conversation. */
export interface CommandCall {
  /** What stood behind the name, without blanks around. */
  argument: string;
  /** Canonical. */
  sessionKey: string;
  agent: AgentSpec;
  /** True for a conversation over HTTP that nobody named and that is not kept. */
  transient: boolean;
  principal: Principal;
  /** Of the run that answers the command. */
  runId: string;
  signal: AbortSignal;
}

/** What is typed as a message and answered by the gateway itself, without a model. */
export interface ChatCommand extends Pick<CommandEntry, 'name' | 'description'> {
  category: NonNullable<CommandEntry['category']>;
  /** Other names, without the slash. */
  aliases?: readonly string[];
  /** The arguments it takes; choices that change are read when they are asked for. */
  args?(): CommandArgument[];
  /** Starts the session afresh before it answers; a message behind the name becomes the first of the fresh session. */
  afresh?: 'new' | 'reset';
  /**
   * Answers in plain words; Markdown at most.
   * Contract: throws a GatewayError for what the person can mend; its message becomes the answer.
   */
  answer(call: CommandCall): string | Promise<string>;
}
