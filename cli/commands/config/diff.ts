import type { ConfigDifference } from '../../../sdk/protocol/config-state.ts';
import type { Command } from '../../command.ts';
import { renderAnswer } from '../../render/views.ts';
import { answer, type Shell } from '../../shell.ts';
import { askConfig } from './ask.ts';
import { readRevision } from './path.ts';

/**
 * `openclaw config diff [revision]`: the files as they are against what runs, against the last good start when no gateway
 * runs, or against a revision.
 */
export function diffCommand(shell: Shell): Command {
  return {
    meta: { name: 'diff', description: 'Compare the configuration file with what is in effect, or with a revision.' },
    args: { revision: { type: 'positional', required: false, description: 'From openclaw config revisions list' } },
    examples: ['openclaw config diff', 'openclaw config diff 1'],
    run: async ({ args }) => {
      const input = args.revision === undefined ? {} : { revision: readRevision(args.revision) };
      const { payload } = await askConfig<ConfigDifference>(shell, 'config.diff', input);
      answer(shell, payload, (look) => renderAnswer('config.diff', payload, look));
      return 0;
    },
  };
}
