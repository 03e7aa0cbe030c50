import type { Command } from '../command.ts';
import { misuse } from '../misuse.ts';
import { readPort } from '../port.ts';
import type { Shell } from '../shell.ts';

/** `openclaw setup`: from an empty machine to an answer. */
export function setupCommand(shell: Shell): Command {
  return {
    meta: { name: 'setup', description: 'Configure and start a gateway, and get a first answer from its agent.' },
    args: {
      'non-interactive': {
        type: 'boolean',
        description: 'Ask nothing: take the flags, and the first model that is found',
      },
      baseline: { type: 'boolean', description: 'Write the configuration and make the folders only; asks nothing' },
      model: { type: 'string', valueHint: 'provider/model', description: 'Model that answers' },
      port: {
        type: 'string',
        valueHint: 'n',
        description: 'Port of a new configuration (default: the first free one from 18789)',
      },
      workspace: { type: 'string', valueHint: 'folder', description: 'Folder where agents keep their files' },
      'install-service': { type: 'boolean', description: 'Have the operating system start the gateway' },
      'keep-keys': {
        type: 'boolean',
        description: 'Put the key that was found into .env of the state directory (0600)',
      },
    },
    examples: ['openclaw setup', 'openclaw setup --non-interactive --json', 'openclaw --dev setup --baseline'],
    run: async ({ args }) => {
      const text = (name: string) => (args[name] === undefined ? undefined : String(args[name]).trim());
      const model = text('model');
      if (model !== undefined && !/^[^\s/]+\/\S+$/.test(model))
        throw misuse(`--model "${model}" has to be <provider>/<model>`);
      const { runSetup } = await import('../setup/setup.ts');
      return runSetup(shell, {
        nonInteractive: args['non-interactive'] === true,
        baseline: args.baseline === true,
        model,
        port: readPort(text('port')),
        workspace: text('workspace') || undefined,
        installService: args['install-service'] === true,
        keepKeys: args['keep-keys'] === true,
      });
    },
  };
}
