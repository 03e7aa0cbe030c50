import { findGatewayError } from '../../sdk/protocol/errors.ts';
import { toFlagName, toFlags, toInput, toLabels } from '../args.ts';
import type { Command } from '../command.ts';
import type { FieldSchema, MethodCommand } from '../derive.ts';
import { exitCodes, misuse } from '../misuse.ts';
import { renderAnswer } from '../render/views.ts';
import { answer, type Shell } from '../shell.ts';

/** The commands of all methods that make sense from a shell, nested by the dots of their names. */
export function deriveTree(methods: readonly MethodCommand[], shell: Shell): Record<string, Command> {
  const root: Command = { meta: { name: '', description: '' }, subCommands: {} };
  for (const method of methods) if (!method.hidden) place(root, method.words, methodCommand(method, shell));
  return describeGroups(root) as Record<string, Command>;
}

/** The command of one method. */
function methodCommand(method: MethodCommand, shell: Shell): Command {
  return {
    meta: { name: method.words.at(-1) ?? method.method, description: method.summary },
    // There are hundreds of commands, and one of them is looked at.
    get args() {
      return toFlags(method);
    },
    get examples() {
      return [toExample(method)];
    },
    run: async ({ args }) => {
      const input = await toInput(method, args);
      const { request } = await import('../request.ts');
      const payload = await request(shell, method, input).catch((error) => refuse(method, error));
      answer(shell, payload, (look) => renderAnswer(method.method, payload, look));
      return isRefusal(method.method, payload) ? exitCodes.failed : exitCodes.ok;
    },
  };
}

// --- internal ---

/** What only the gateway could see is wrong with the input is wrong with the command line all the same. */
function refuse(method: MethodCommand, error: unknown): never {
  const known = findGatewayError(error);
  const prefix = `invalid ${method.method} params: `;
  if (known?.code !== 'INVALID_REQUEST' || !known.message.startsWith(prefix)) throw error;
  throw misuse(toLabels(method, known.message.slice(prefix.length)));
}

/** An answer that tells what was not done: scripts go by the exit code. */
function isRefusal(method: string, payload: unknown): boolean {
  const { ok, status } = (payload ?? {}) as { ok?: unknown; status?: unknown };
  return ok === false || (method === 'agent.wait' && status !== 'ok');
}

/** Puts a command where its words lead; a method may have others below its own name (`config.schema.lookup`). */
function place(root: Command, words: readonly string[], command: Command): void {
  let node = root;
  for (const word of words) {
    node.subCommands ??= {};
    node.subCommands[word] ??= { meta: { name: word, description: '' } };
    node = node.subCommands[word] as Command;
  }
  node.otherwise = command;
}

/** A node that only runs becomes its command; a group is described by what it holds. */
function describeGroups(node: Command): NonNullable<Command['subCommands']> {
  const children = Object.entries(node.subCommands ?? {}) as [string, Command][];
  return Object.fromEntries(
    children.map(([name, child]) => {
      if (!child.subCommands) return [name, child.otherwise ?? child];
      const subCommands = describeGroups(child);
      const description = child.otherwise?.meta.description ?? Object.keys(subCommands).join(', ');
      return [name, { ...child, subCommands, meta: { name, description } }];
    }),
  );
}

const sampleOf: Record<string, string> = {
  key: 'main',
  keys: 'main',
  sessionKey: 'main',
  agentId: 'main',
  message: '"Hello"',
  text: '"Hello"',
  query: '"Hello"',
  limit: '5',
};

/** A command line that works, with a sample for every field that must be given. */
function toExample({ words, positionals, fields, long }: MethodCommand): string {
  const given = positionals.flatMap((name) => fields.filter((field) => field.name === name));
  const others = fields.filter(({ name }) => !positionals.includes(name));
  const flags = others
    .filter(({ name, required }) => name === 'limit' || (required && name !== 'idempotencyKey'))
    .map(({ name, schema }) =>
      long.includes(name) ? `--${toFlagName(name)}-file <path>` : `--${toFlagName(name)} ${toSample(name, schema)}`,
    );
  const bare = given.length + flags.length === 0;
  const samples = given.map(({ name, schema }) => toSample(name, schema));
  return ['openclaw', ...words, ...samples, ...flags, ...(bare ? ['--json'] : [])].join(' ');
}

function toSample(name: string, schema: FieldSchema): string {
  return sampleOf[name] ?? (schema.type === 'integer' ? '1' : `<${toFlagName(name)}>`);
}
