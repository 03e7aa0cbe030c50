import { z } from 'zod';
import { agentId, sessionKey } from './fields.ts';
import { query, router } from './method.ts';
import type { OperatorScope } from './scopes.ts';
import { shape } from './shape.ts';

/** An argument that a chat command takes, for menus and completion. */
export interface CommandArgument {
  name: string;
  description: string;
  type: 'string' | 'number' | 'boolean';
  required?: boolean | undefined;
  /** The values to choose from, where they are known. */
  choices?: { value: string; label: string }[] | undefined;
  /** True when the choices differ from session to session, and were read for this answer. */
  dynamic?: boolean | undefined;
}

/** A command that is typed as a message, for example `/status`. */
export interface CommandEntry {
  /** Without the slash. */
  name: string;
  /** What a chat network registers it as; without the slash. */
  nativeName?: string | undefined;
  /** Every way to type it, with the slash. */
  textAliases?: string[] | undefined;
  description: string;
  category?: 'session' | 'options' | 'status' | 'management' | 'media' | 'tools' | undefined;
  source: 'native' | 'skill' | 'plugin';
  /** Where it works: typed as text, in a chat network's own menu, or both. */
  scope: 'text' | 'native' | 'both';
  acceptsArgs: boolean;
  args?: CommandArgument[] | undefined;
}

export const CommandEntry = shape<CommandEntry>()(
  z.object({
    name: z.string().min(1).max(200),
    nativeName: z.string().min(1).max(200).optional(),
    textAliases: z.array(z.string().min(1).max(200)).max(20).optional(),
    description: z.string().max(2000),
    category: z.enum(['session', 'options', 'status', 'management', 'media', 'tools']).optional(),
    source: z.enum(['native', 'skill', 'plugin']),
    scope: z.enum(['text', 'native', 'both']),
    acceptsArgs: z.boolean(),
    args: z
      .array(
        z.object({
          name: z.string().min(1).max(200),
          description: z.string().max(500),
          type: z.enum(['string', 'number', 'boolean']),
          required: z.boolean().optional(),
          choices: z
            .array(z.object({ value: z.string().max(200), label: z.string().max(200) }))
            .max(50)
            .optional(),
          dynamic: z.boolean().optional(),
        }),
      )
      .max(20)
      .optional(),
  }),
);

export const commands = router({
  /** Lists the commands that can be typed as messages. */
  list: query({
    summary: 'List chat commands.',
    scope: 'operator.read',
    input: z
      .strictObject({
        /** False leaves out the arguments. Default true. */
        includeArgs: z.boolean().default(true),
        // All commands are the same in every session, for every agent, on every chat network, typed or from a menu.
        sessionKey: sessionKey.optional(),
        agentId: agentId.optional(),
        provider: z.string().min(1).optional(),
        scope: z.enum(['text', 'native', 'both']).optional(),
      })
      .prefault({}),
    output: z.object({ commands: z.array(CommandEntry).max(500) }),
    inert: ['sessionKey', 'agentId', 'provider', 'scope'],
  }),
});

/** A message that is one command: `/name`, `/name argument` or `/name: argument`. */
export interface TypedCommand {
  /** In lower case, without the slash. */
  name: string;
  /** Without blanks around; empty when there is none. */
  argument: string;
}

/** Reads a message as a command; undefined when it does not begin like one. */
export function parseTypedCommand(message: string): TypedCommand | undefined {
  const found = /^\/([a-z][a-z0-9_-]{0,31})(?:\s*:\s*|\s+|$)([\s\S]*)$/i.exec(message.trim());
  return found ? { name: (found[1] as string).toLowerCase(), argument: (found[2] as string).trim() } : undefined;
}

/** Commands that only an admin may type: they discard what the model remembers. */
const adminCommands: readonly string[] = ['new', 'reset', 'compact'];

/** The scope that a message needs besides the one of sending it. */
export function scopeOfMessage(message: string): OperatorScope | undefined {
  const command = parseTypedCommand(message);
  return command && adminCommands.includes(command.name) ? 'operator.admin' : undefined;
}
