import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import { exitCodes } from '../../misuse.ts';
import { answer, type Shell } from '../../shell.ts';

const flags: Flags = {
  all: {
    type: 'boolean',
    description: 'Also who listens, other services, warnings of the configuration, the last errors',
  },
  deep: { type: 'boolean', description: 'Have the gateway look anew: readiness, model providers, load' },
  usage: { type: 'boolean', description: 'Also what providers have told of their limits' },
};

/** `openclaw status`: the verdict, then what it rests on. Also while the gateway is down. */
export function statusCommand(shell: Shell): Command {
  return {
    meta: { name: 'status', description: 'Show how things stand: gateway, service, agents, sessions.' },
    args: flags,
    examples: ['openclaw status', 'openclaw status --all', 'openclaw status --deep --usage', 'openclaw status --json'],
    run: async ({ args }) => {
      const { all, deep, usage } = { all: args.all === true, deep: args.deep === true, usage: args.usage === true };
      const { lookAtGateway } = await import('./standing.ts');
      const { askMore } = await import('./status-more.ts');
      const { toStatus } = await import('./status-report.ts');
      const { renderStatus } = await import('./status-view.ts');
      const standing = await lookAtGateway(shell, { probe: true, holders: all, deep: all || deep });
      const more = await askMore(shell, standing, { all, deep, usage });
      const report = toStatus(standing, more);
      answer(shell, report, (look) => renderStatus(report, look));
      return exitCodes.ok;
    },
  };
}
