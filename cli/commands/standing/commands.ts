import type { Command } from '../../command.ts';
import type { Shell } from '../../shell.ts';

type Commands = NonNullable<Command['subCommands']>;

/** The commands that tell how things stand: each looks at this machine and at the gateway, and none needs one. */
export function standingCommands(shell: Shell, logsGroup: Command | Commands[string] | undefined): Commands {
  return {
    status: async () => (await import('./status.ts')).statusCommand(shell),
    health: async () => (await import('./health.ts')).healthCommand(shell),
    channels: async () => (await import('./channels.ts')).channelsCommand(shell),
    logs: async () => {
      const { logsCommand } = await import('./logs.ts');
      return logsCommand(shell, { ...(typeof logsGroup === 'object' && logsGroup.subCommands) });
    },
  };
}

/** Those of them that stand below `openclaw gateway`. */
export function standingOfGateway(shell: Shell): Commands {
  return {
    status: async () => (await import('./gateway-status.ts')).gatewayStatusCommand(shell),
    probe: async () => (await import('./probe.ts')).probeCommand(shell),
  };
}
