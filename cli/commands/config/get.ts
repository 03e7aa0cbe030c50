import type { ConfigSnapshot } from '../../../sdk/protocol/config-state.ts';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import { formatKey, valueAt } from '../../../server/config/key-path.ts';
import type { Command } from '../../command.ts';
import { printable } from '../../render/text.ts';
import { renderAnswer } from '../../render/views.ts';
import { answer, type Shell } from '../../shell.ts';
import { askConfig } from './ask.ts';
import { readKeyPath } from './path.ts';

/** `openclaw config get [path]`: the whole configuration, or one value; secrets are always hidden. */
export function getCommand(shell: Shell): Command {
  return {
    meta: { name: 'get', description: 'Show the configuration or one value of it, secrets hidden.' },
    args: { path: { type: 'positional', required: false, description: 'Key, for example agents.defaults.model' } },
    examples: ['openclaw config get', 'openclaw config get gateway.port', 'openclaw config get --json'],
    run: async ({ args }) => {
      const { payload } = await askConfig<ConfigSnapshot>(shell, 'config.get');
      if (args.path === undefined) {
        answer(shell, payload, (look) => renderAnswer('config.get', payload, look));
        return 0;
      }
      const steps = readKeyPath(String(args.path));
      if (!payload.valid) throw invalid(payload);
      const value = valueAt(payload.config, steps);
      if (value === undefined) throw await unset(steps);
      answer(shell, value, () => `${typeof value === 'string' ? printable(value) : JSON.stringify(value, null, 2)}\n`);
      return 0;
    },
  };
}

// --- internal ---

function invalid({ path, issues }: ConfigSnapshot): GatewayError {
  const [first] = issues;
  const place = first?.line ? `${first.file}:${first.line}:${first.column} — ` : '';
  return new GatewayError(
    'INVALID_CONFIG',
    `${path} is not valid: ${place}${first?.path ? `${first.path}: ` : ''}${first?.message}. See openclaw config validate`,
    { details: { issues } },
  );
}

async function unset(steps: readonly (string | number)[]): Promise<GatewayError> {
  const key = formatKey(steps);
  const { findKey } = await import('../../../server/config/key-tree.ts');
  if (findKey(steps))
    return new GatewayError(
      'INVALID_REQUEST',
      `${key} is not set: its default is in effect, see openclaw config explain ${key}`,
      {
        details: { code: 'KEY_NOT_SET', path: key },
      },
    );
  const { unknownKey } = await import('../../../server/config/explain.ts');
  return unknownKey(steps);
}
