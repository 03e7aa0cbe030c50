import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import type { Shell } from '../../shell.ts';
import type { verbs } from './verbs.ts';

/** The commands that look after the gateway as a service of the operating system. */
export function serviceCommands(
  shell: Shell,
  restartOthers: Command['subCommands'],
): NonNullable<Command['subCommands']> {
  const make = (name: keyof typeof verbs, description: string, more: Pick<Command, 'args' | 'examples'>): Command => ({
    meta: { name, description },
    ...more,
    run: async ({ args }) => {
      const { runVerb } = await import('./verbs.ts');
      return runVerb(shell, name, args);
    },
  });
  const restart = make('restart', 'Restart the gateway: its service, or the one that runs without.', {
    examples: ['openclaw gateway restart', 'openclaw gateway restart request --delay-ms 60000'],
  });
  return {
    install: make('install', 'Install the gateway as a service of this account, and start it.', {
      args: installFlags,
      examples: ['openclaw gateway install', 'openclaw --profile work gateway install --port 18790'],
    }),
    start: make('start', 'Start the installed service; with --detach a gateway without one.', {
      args: startFlags,
      examples: ['openclaw gateway start', 'openclaw gateway start --detach'],
    }),
    stop: make('stop', 'Stop the gateway: its service, or the one that runs without.', {
      args: stopFlags,
      examples: ['openclaw gateway stop'],
    }),
    restart: { meta: restart.meta, otherwise: restart, ...(restartOthers && { subCommands: restartOthers }) },
    uninstall: make('uninstall', 'Stop the service and take it away; configuration and state stay.', {
      examples: ['openclaw gateway uninstall'],
    }),
  };
}

// --- internal ---

const installFlags: Flags = {
  port: { type: 'string', valueHint: 'n', description: 'Port of the service (default: the one that is configured)' },
  system: { type: 'boolean', description: 'Print a systemd unit for the whole machine instead; writes nothing' },
  force: { type: 'boolean', description: 'Replace a unit of that name that somebody else has written' },
};

const startFlags: Flags = {
  detach: { type: 'boolean', description: 'Without a supervisor: in the background, with a pid file and a log file' },
  port: { type: 'string', valueHint: 'n', description: 'With --detach: the port' },
  bind: { type: 'string', valueHint: 'mode', description: 'With --detach: the addresses to listen on' },
  auth: { type: 'string', valueHint: 'mode', description: 'With --detach: how callers prove who they are' },
  'password-file': { type: 'string', valueHint: 'path', description: 'With --detach: file that holds the password' },
  'allow-unconfigured': { type: 'boolean', description: 'With --detach: start without a configuration file' },
};

const stopFlags: Flags = {
  disable: { type: 'boolean', description: 'Keep the service from starting by itself, too' },
};
