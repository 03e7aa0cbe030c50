import type { Command } from '../command.ts';
import type { Shell } from '../shell.ts';

/** `openclaw bugreport`: what somebody who was not there needs, without secrets. */
export function bugreportCommand(shell: Shell): Command {
  return {
    meta: {
      name: 'bugreport',
      description: 'Put what a bug report needs into a zip, without secrets; lists it before.',
    },
    args: {
      output: { type: 'string', valueHint: 'file', description: 'File to write; it must not be there yet' },
      yes: { type: 'boolean', description: 'Do not ask' },
    },
    examples: ['openclaw bugreport', 'openclaw bugreport --output report.zip --yes'],
    run: async ({ args }) => {
      const { reportBug } = await import('../bugreport/bugreport.ts');
      const output = args.output === undefined ? undefined : String(args.output);
      return reportBug(shell, { output, yes: args.yes === true });
    },
  };
}
