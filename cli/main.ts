import { stripVTControlCharacters } from 'node:util';
import { runCommand } from 'citty';
import { type Command, type Found, findCommand } from './command.ts';
import { readEnvFiles } from './env-files.ts';
import { toFailure } from './failure.ts';
import { spellOut } from './flags.ts';
import { readGlobals } from './globals.ts';
import { exitCodes, misuse } from './misuse.ts';
import { didYouMean } from './nearest.ts';
import { createProgram } from './program.ts';
import { answer, createShell, type Shell } from './shell.ts';
import { answerHelp } from './usage.ts';
import { version } from './version.ts';

/** Runs one command line and answers the exit code. Contract: never throws; a failure is told on stderr. */
export async function main(argv: readonly string[]): Promise<number> {
  let shell: Shell | undefined;
  let path = ['openclaw'];
  try {
    if (argv[0] === '__complete') {
      const { answerShell } = await import('./complete/answer.ts');
      await answerShell(argv.slice(1));
      return exitCodes.ok;
    }
    const { globals, rest } = readGlobals(argv);
    shell = createShell(globals);
    if (globals.version) {
      answer(shell, { schemaVersion: 1, version }, () => `${version}\n`);
      return exitCodes.ok;
    }
    const found = await findCommand(createProgram(shell), rest);
    path = found.path;
    if (globals.help) {
      await answerHelp(shell, path, found.node);
      return exitCodes.ok;
    }
    readEnvFiles(shell);
    if (globals.ssh === undefined) return await runFound(found, shell);
    const { throughSsh } = await import('./ssh/through.ts');
    const run = runFound.bind(undefined, found, shell);
    return await throughSsh(shell, path, run);
  } catch (error) {
    const failure = toFailure(error, path);
    const { tunnel } = shell?.globals ?? {};
    if (tunnel)
      failure.lines.push(`That was through the SSH tunnel to ${tunnel.target}, at port ${tunnel.remotePort} there.`);
    const tell = shell?.note ?? ((line: string) => void process.stderr.write(`${line}\n`));
    for (const line of failure.lines) tell(line);
    return failure.exitCode;
  }
}

// --- internal ---

async function runFound({ path, node, rest }: Found, shell: Shell): Promise<number> {
  const command = node.otherwise ?? node;
  const word = rest[0];
  if (word !== undefined && node.subCommands && !word.startsWith('-') && !takesPositionals(command))
    throw misuse(`unknown command "${word}"${didYouMean(word, Object.keys(node.subCommands))}`);
  if (!command.run) return showGroup(path, node, rest, shell);
  const rawArgs = spellOut(rest, command.args ?? {});
  const { result } = await runCommand(toCitty(command), { rawArgs }).catch(asMisuse);
  return typeof result === 'number' ? result : exitCodes.ok;
}

/** `openclaw` alone asks for its help; a group without its subcommand is half a command line. */
async function showGroup(path: string[], node: Command, rest: readonly string[], shell: Shell): Promise<number> {
  const flag = rest[0];
  if (flag !== undefined) throw misuse(`unknown flag ${flag}: flags of a command stand after its name`);
  if (path.length === 1) {
    await answerHelp(shell, path, node);
    return exitCodes.ok;
  }
  throw misuse(`name one of: ${Object.keys(node.subCommands ?? {}).join(', ')}`);
}

function takesPositionals(command: Command): boolean {
  return Object.values(command.args ?? {}).some((flag) => flag.type === 'positional');
}

/** What is missing has been told already, and an argument may have come by another way, from a file. */
function toCitty(command: Command): Parameters<typeof runCommand>[0] {
  const args = Object.entries(command.args ?? {}).map(([name, flag]) => [name, { ...flag, required: false }]);
  return { ...command, args: Object.fromEntries(args) } as Parameters<typeof runCommand>[0];
}

/** citty's own complaints, in its colours, are about the command line. */
function asMisuse(error: unknown): never {
  if (error instanceof Error && error.name === 'CLIError') throw misuse(stripVTControlCharacters(error.message));
  throw error;
}
