import type { CommandDef } from 'citty';
import { type Flags, toFlagName } from './args.ts';

/** A node of the command tree: a citty command with what citty does not know. */
export interface Command extends Omit<CommandDef<Flags>, 'meta' | 'args' | 'subCommands' | 'run' | 'default'> {
  meta: { name: string; description: string };
  args?: Flags;
  subCommands?: Record<string, Command | (() => Promise<Command>)>;
  /** What runs when none of the subcommands is named: `openclaw gateway` is `openclaw gateway run`. */
  otherwise?: Command;
  /** Whole command lines that work. */
  examples?: readonly string[];
  /** Answers the exit code; 0 when it answers nothing. */
  run?(call: { args: Record<string, unknown> }): Promise<number | undefined>;
}

/** Where a command line leads. */
export interface Found {
  /** The words that led there, `openclaw` first. */
  path: string[];
  /** The node of the tree, for its help. */
  node: Command;
  /** What is left of the command line. */
  rest: string[];
}

/** Follows the first words of a command line through the tree; a word may be spelled as on the wire, `authStatus`. */
export async function findCommand(root: Command, argv: readonly string[]): Promise<Found> {
  const path = [root.meta.name];
  let node = root;
  let rest = [...argv];
  for (;;) {
    const word = rest[0] === undefined ? undefined : toFlagName(rest[0]);
    const child =
      word !== undefined && Object.hasOwn(node.subCommands ?? {}, word) ? node.subCommands?.[word] : undefined;
    if (!child) return { path, node, rest };
    node = await resolveCommand(child);
    path.push(word as string);
    rest = rest.slice(1);
  }
}

export async function resolveCommand(command: Command | (() => Promise<Command>)): Promise<Command> {
  return typeof command === 'function' ? command() : command;
}
