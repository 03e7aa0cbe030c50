import { catalogue } from './catalogue.ts';
import type { Command } from './command.ts';
import { callCommand } from './commands/call.ts';
import { deriveTree } from './commands/method.ts';
import { standingCommands, standingOfGateway } from './commands/standing/commands.ts';
import type { Shell } from './shell.ts';

/** The whole command tree: what the contract gives, and the few commands that are more than one call. */
export function createProgram(shell: Shell): Command {
  const tree = deriveTree(catalogue, shell);
  const {
    agent: agentGroup,
    gateway: gatewayGroup,
    config: configGroup,
    logs: logsGroup,
    secrets: secretsGroup,
    ...derived
  } = tree;
  const agent = async () => {
    const { agentCommand } = await import('./commands/agent.ts');
    return { ...agentCommand(shell), subCommands: { ...agentGroup?.subCommands } };
  };
  const gateway = async () => {
    const { gatewayCommand } = await import('./commands/gateway/command.ts');
    return gatewayCommand(shell, {
      ...standingOfGateway(shell),
      call: callCommand(catalogue, shell),
      ...gatewayGroup?.subCommands,
    });
  };
  const devices = async () => {
    const { devicesCommand } = await import('./commands/devices/command.ts');
    return devicesCommand(shell);
  };
  const config = async () => {
    const { configCommand } = await import('./commands/config/command.ts');
    return configCommand(shell, { ...configGroup?.subCommands });
  };
  const setup = async () => {
    const { setupCommand } = await import('./commands/setup.ts');
    return setupCommand(shell);
  };
  const secrets = async () => {
    const { secretsCommand } = await import('./commands/secrets/command.ts');
    return secretsCommand(shell, { ...secretsGroup?.subCommands });
  };
  const bugreport = async () => {
    const { bugreportCommand } = await import('./commands/bugreport.ts');
    return bugreportCommand(shell);
  };
  const auth = async () => {
    const { authCommand } = await import('./commands/auth.ts');
    return authCommand(shell);
  };
  const doctor = async () => {
    const { doctorCommand } = await import('./commands/doctor.ts');
    return doctorCommand(shell);
  };
  const completion = async () => {
    const { completionCommand } = await import('./commands/completion.ts');
    return completionCommand(shell);
  };
  const help = async () => {
    const { helpCommand } = await import('./commands/help.ts');
    return helpCommand(shell);
  };
  return {
    meta: {
      name: 'openclaw',
      description: 'OpenClaw Gateway: runs agents and lets people, apps and chat networks reach them.',
    },
    subCommands: {
      gateway,
      agent,
      devices,
      config,
      setup,
      doctor,
      auth,
      secrets,
      bugreport,
      ...derived,
      ...standingCommands(shell, logsGroup),
      completion,
      help,
    },
    examples: [
      'openclaw gateway --allow-unconfigured',
      'openclaw agent --message "How do I bind to my LAN?"',
      'openclaw sessions list --limit 5',
      'openclaw health --json',
    ],
  };
}
