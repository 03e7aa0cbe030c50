import type { Command } from '../../command.ts';
import type { Shell } from '../../shell.ts';

/** `openclaw secrets`: what the methods give, and what can be found without a gateway. */
export function secretsCommand(shell: Shell, subCommands: NonNullable<Command['subCommands']>): Command {
  return {
    meta: {
      name: 'secrets',
      description: 'Read the secrets that the configuration refers to; find those in the open.',
    },
    subCommands: { ...subCommands, audit: auditCommand(shell) },
  };
}

// --- internal ---

function auditCommand(shell: Shell): Command {
  return {
    meta: {
      name: 'audit',
      description: 'Find secrets in the open, references that cannot be read, and files that others can read.',
    },
    args: {
      check: { type: 'boolean', description: 'End with 1 when something was found' },
      'allow-exec': { type: 'boolean', description: 'Run the programs that references name, to see that they answer' },
    },
    examples: ['openclaw secrets audit', 'openclaw secrets audit --check --json'],
    run: async ({ args }) => {
      const { runAudit } = await import('./audit.ts');
      return runAudit(shell, { check: args.check === true, allowExec: args['allow-exec'] === true });
    },
  };
}
