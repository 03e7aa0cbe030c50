import type { ConfigDifference } from '../../../sdk/protocol/config-state.ts';
import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import type { ConfigExplained } from '../../../server/config/explain.ts';
import type { Command } from '../../command.ts';
import { envFileOf } from '../../env-files.ts';
import { namesGateway } from '../../globals.ts';
import { misuse } from '../../misuse.ts';
import { renderExplained } from '../../render/config.ts';
import { answer, type Shell } from '../../shell.ts';
import { askConfig } from './ask.ts';
import { readKeyPath } from './path.ts';

/** What `config explain --json` answers. */
export interface Explained extends ConfigExplained {
  schemaVersion: 1;
  /** Whether the running gateway works with another value than the file says; absent when none runs here. */
  differs?: boolean;
}

/** `openclaw config explain <path>`: value, where it comes from, default, type, and what a change takes; of this machine. */
export function explainCommand(shell: Shell): Command {
  return {
    meta: {
      name: 'explain',
      description: 'Tell of one key its value, where that comes from, and what a change takes.',
    },
    args: { path: { type: 'positional', required: true, description: 'Key, for example gateway.port' } },
    examples: ['openclaw config explain gateway.port', 'openclaw config explain agents.defaults.model --json'],
    run: async ({ args }) => {
      if (namesGateway(shell))
        throw misuse('explain tells of the files on this machine: leave out --url and OPENCLAW_GATEWAY_URL');
      const steps = readKeyPath(String(args.path ?? ''));
      const { readGatewayHere } = await import('../../local/gateway-here.ts');
      const { explainKey } = await import('../../../server/config/explain.ts');
      const { readAsWritten } = await import('../../../server/config/load.ts');
      const { paths, runtime } = await readGatewayHere(shell);
      const files = await readAsWritten(paths.configPath, { env: shell.env });
      const flags = runtime?.alive ? (runtime.flags ?? {}) : {};
      const explained = explainKey(steps, { files, env: shell.env, envFileOf, flags });
      const differs = runtime?.alive ? await isOther(shell, explained.path) : undefined;
      const payload: Explained = { schemaVersion: 1, ...explained, ...(differs !== undefined && { differs }) };
      answer(shell, payload, (look) => renderExplained(payload, look));
      return 0;
    },
  };
}

// --- internal ---

/** Whether an edit of the key waits to be taken; undefined when nobody could be asked. */
async function isOther(shell: Shell, path: string): Promise<boolean | undefined> {
  try {
    const { payload, by } = await askConfig<ConfigDifference>(shell, 'config.diff');
    if (by === 'files') return undefined;
    return payload.changes.some(
      ({ path: key }) => key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}[`),
    );
  } catch (error) {
    const known = findGatewayError(error);
    if (!known) throw error;
    // What the files say can be told all the same.
    shell.note(`The running gateway could not be asked: ${known.message}`);
    return undefined;
  }
}
