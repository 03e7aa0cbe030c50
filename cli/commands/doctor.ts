import type { Command } from '../command.ts';
import { misuse } from '../misuse.ts';
import type { Shell } from '../shell.ts';

const severities = ['info', 'warning', 'error'] as const;

/** `openclaw doctor`: looks at everything that keeps a gateway from working well, and mends what can be mended. */
export function doctorCommand(shell: Shell): Command {
  return {
    meta: { name: 'doctor', description: 'Find what is wrong with a gateway, also one that is down; --fix mends it.' },
    args: {
      fix: { type: 'boolean', description: 'Show what would be mended, ask, and mend it' },
      yes: { type: 'boolean', description: 'Do not ask' },
      'non-interactive': { type: 'boolean', description: 'Do not ask: the same as --yes' },
      lint: { type: 'boolean', description: 'Change nothing, and end with 1 when something was found' },
      'generate-gateway-token': {
        type: 'boolean',
        description: 'Put a new random token into the configuration where none is chosen; it is not shown',
      },
      'restore-last-good': {
        type: 'boolean',
        description: 'Take back the configuration that a gateway started with last',
      },
      only: { type: 'string', multiple: true, valueHint: 'check', description: 'Run this check only: id or number' },
      skip: { type: 'string', multiple: true, valueHint: 'check', description: 'Leave this check out' },
      'severity-min': {
        type: 'string',
        valueHint: severities.join('|'),
        description: 'Leave out what is less grave (default: info; with --json or --lint warning)',
      },
    },
    examples: ['openclaw doctor', 'openclaw doctor --fix', 'openclaw doctor --lint --json'],
    run: async ({ args }) => {
      const least = args['severity-min'] === undefined ? undefined : String(args['severity-min']);
      const severity = severities.find((one) => one === least);
      if (least !== undefined && !severity)
        throw misuse(`--severity-min must be one of ${severities.join(', ')}, not "${least}"`);
      const flags = {
        fix: args.fix === true,
        lint: args.lint === true,
        yes: args.yes === true || args['non-interactive'] === true,
        generateToken: args['generate-gateway-token'] === true,
        restoreLastGood: args['restore-last-good'] === true,
        only: toList(args.only),
        skip: toList(args.skip),
        least: severity,
      };
      if (flags.lint && (flags.fix || flags.generateToken || flags.restoreLastGood))
        throw misuse('--lint changes nothing: leave it out, or the flags that do');
      const { runDoctor } = await import('../doctor/doctor.ts');
      return runDoctor(shell, flags);
    },
  };
}

// --- internal ---

/** Flags that may be repeated arrive as one JSON list. */
function toList(value: unknown): string[] {
  return value === undefined ? [] : (JSON.parse(String(value)) as string[]);
}
