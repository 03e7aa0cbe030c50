import { type Command, findCommand } from '../command.ts';
import { exitCodes, misuse } from '../misuse.ts';
import { didYouMean } from '../nearest.ts';
import { answer, type Shell } from '../shell.ts';
import { answerHelp } from '../usage.ts';

/** What each exit code means; `openclaw help exit-codes`. */
const exitCodeMeanings = [
  { code: exitCodes.ok, name: 'ok', meaning: 'Done; also of a gateway that was stopped by SIGTERM or Ctrl-C.' },
  {
    code: exitCodes.failed,
    name: 'failed',
    meaning: 'Not done: the gateway is down or refuses, a port is in use, a run failed, a check has findings.',
  },
  {
    code: exitCodes.misused,
    name: 'misused',
    meaning: 'The command line cannot be understood: an unknown command or flag, a missing or wrong value.',
  },
  {
    code: exitCodes.misconfigured,
    name: 'misconfigured',
    meaning:
      'The configuration keeps a gateway from starting, or another one is well in its place: starting it again does not help (RestartPreventExitStatus=78).',
  },
  { code: 130, name: 'interrupted', meaning: 'Left by a second Ctrl-C, without waiting for what was asked for.' },
] as const;

/** `openclaw help`: the help of a command, or of a topic. */
export function helpCommand(shell: Shell): Command {
  return {
    meta: { name: 'help', description: 'Show the help of a command, or what exit codes mean (help exit-codes).' },
    args: {
      topic: {
        type: 'positional',
        required: false,
        multiple: true,
        description: 'exit-codes, or the words of a command; the whole of it when absent',
      },
    },
    examples: ['openclaw help exit-codes', 'openclaw help sessions list'],
    run: ({ args }) => showHelp(shell, args.topic === undefined ? [] : (JSON.parse(String(args.topic)) as string[])),
  };
}

// --- internal ---

async function showHelp(shell: Shell, words: readonly string[]): Promise<number> {
  if (words.length === 1 && words[0] === 'exit-codes') {
    answer(shell, { schemaVersion: 1, exitCodes: exitCodeMeanings }, (look) =>
      exitCodeMeanings
        .map(({ code, meaning }) => `${look.paint('bold', String(code).padStart(4))}  ${meaning}\n`)
        .join(''),
    );
    return exitCodes.ok;
  }
  const { createProgram } = await import('../program.ts');
  const program = createProgram(shell);
  const { path, node, rest } = await findCommand(program, words);
  const [unknown] = rest;
  if (unknown !== undefined)
    throw misuse(
      `unknown command "${unknown}"${didYouMean(unknown, [...Object.keys(node.subCommands ?? {}), 'exit-codes'])}`,
    );
  await answerHelp(shell, path, node);
  return exitCodes.ok;
}
