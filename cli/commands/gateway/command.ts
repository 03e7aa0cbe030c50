import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import type { Shell } from '../../shell.ts';
import { serviceCommands } from './service.ts';

const flags: Flags = {
  port: {
    type: 'string',
    valueHint: 'n',
    description: 'Port; wins over OPENCLAW_GATEWAY_PORT and gateway.port (default 18789)',
  },
  bind: {
    type: 'string',
    valueHint: 'loopback|lan|tailnet|auto|custom',
    description: 'Addresses to listen on (default loopback)',
  },
  auth: {
    type: 'string',
    valueHint: 'token|password|trusted-proxy|none',
    description: 'How callers prove who they are (default token)',
  },
  token: {
    type: 'string',
    valueHint: 'text',
    description: 'Token that callers must present; visible to other users of the machine',
  },
  password: {
    type: 'string',
    valueHint: 'text',
    description: 'Password that callers must present; visible to other users of the machine',
  },
  'password-file': { type: 'string', valueHint: 'path', description: 'File that holds the password' },
  tailscale: {
    type: 'string',
    valueHint: 'off|serve|funnel',
    description: 'Address of Tailscale that leads here, while it runs (default off)',
  },
  force: { type: 'boolean', description: 'End whoever listens on the port (SIGTERM, then SIGKILL), then start' },
  reset: {
    type: 'boolean',
    description: 'With --dev: put its configuration, credentials, conversations and workspaces aside first',
  },
  'allow-unconfigured': { type: 'boolean', description: 'Start without a configuration file or gateway.mode' },
  verbose: {
    type: 'boolean',
    description: 'Debug messages and requests with their answers on the terminal; the log file stays as it is',
  },
  'ws-log': {
    type: 'string',
    valueHint: 'auto|full|compact',
    description: 'How --verbose prints requests: a line each (compact, auto), or with all that is in them (full)',
  },
  'raw-stream': { type: 'boolean', description: 'Not in this version, which refuses it: see "openclaw runs events"' },
  'raw-stream-path': { type: 'string', valueHint: 'path', description: 'Refused as well' },
  compact: { type: 'boolean', description: 'The same as --ws-log compact' },
};

/** `openclaw gateway` is `openclaw gateway run`; the other commands about a gateway stand beside it. */
export function gatewayCommand(shell: Shell, others: NonNullable<Command['subCommands']>): Command {
  const run: Command = {
    meta: { name: 'run', description: 'Run the gateway in the foreground, until Ctrl-C or SIGTERM.' },
    args: flags,
    examples: [
      'openclaw gateway --allow-unconfigured',
      'openclaw gateway --bind lan --auth token',
      'openclaw gateway --port 18789 --force',
      'openclaw gateway --dev --reset',
    ],
    run: async ({ args }) => {
      const { runGateway } = await import('./run.ts');
      return runGateway(shell, args);
    },
  };
  const restart = typeof others.restart === 'object' ? others.restart : undefined;
  return {
    meta: { name: 'gateway', description: run.meta.description },
    otherwise: run,
    subCommands: { run, ...others, ...serviceCommands(shell, restart?.subCommands) },
  };
}
