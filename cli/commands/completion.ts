import { basename } from 'node:path';
import type { Command } from '../command.ts';
import { completionScript, type ShellName, shells } from '../complete/scripts.ts';
import { misuse } from '../misuse.ts';
import { didYouMean } from '../nearest.ts';
import { answer, type Shell } from '../shell.ts';

/** `openclaw completion`: the script by which a shell completes commands, flags and the names of what the gateway has. */
export function completionCommand(shell: Shell): Command {
  return {
    meta: { name: 'completion', description: 'Print the script by which a shell completes openclaw commands.' },
    args: {
      shell: {
        type: 'positional',
        required: false,
        valueHint: shells.join('|'),
        description: `One of ${shells.join(', ')}; the one of SHELL when absent`,
      },
    },
    examples: [
      'openclaw completion bash',
      'openclaw completion zsh',
      'openclaw completion fish',
      'openclaw completion powershell',
    ],
    run: async ({ args }) => {
      const name = readShell(args.shell, shell.env);
      const script = completionScript(name);
      answer(shell, { schemaVersion: 1, shell: name, script }, () => script);
      return 0;
    },
  };
}

// --- internal ---

function readShell(given: unknown, env: NodeJS.ProcessEnv): ShellName {
  const name = given === undefined || given === '' ? detect(env) : String(given).toLowerCase();
  const found = shells.find((one) => one === name || (one === 'powershell' && name === 'pwsh'));
  if (found) return found;
  throw misuse(`there is no completion for "${name}": name one of ${shells.join(', ')}${didYouMean(name, shells)}`);
}

function detect({ SHELL: path }: NodeJS.ProcessEnv): string {
  if (path) return basename(path).replace(/\.exe$/, '');
  return process.platform === 'win32' ? 'powershell' : 'zsh';
}
