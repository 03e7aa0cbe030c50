import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import { exitCodes, misuse } from '../../misuse.ts';
import { readPort } from '../../port.ts';
import { answer, type Shell } from '../../shell.ts';

const flags: Flags = {
  deep: { type: 'boolean', description: "Also the machine's services, the differences of the unit, the readiness" },
  'require-rpc': { type: 'boolean', description: 'Fail when the gateway does not answer a call: for scripts' },
  probe: { type: 'boolean', description: 'Ask the gateway (default); with --no-probe only this machine is looked at' },
  port: { type: 'string', valueHint: 'n', description: 'Look at this port of this machine' },
};

/** `openclaw gateway status`: the service, the process, the port and the gateway's own answer. */
export function gatewayStatusCommand(shell: Shell): Command {
  return {
    meta: { name: 'status', description: 'Show service, process, port and whether the gateway answers.' },
    args: flags,
    examples: [
      'openclaw gateway status',
      'openclaw gateway status --require-rpc --json',
      'openclaw gateway status --deep',
      'openclaw gateway status --no-probe',
    ],
    run: async ({ args }) => {
      const requireRpc = args['require-rpc'] === true;
      const probe = args.probe !== false;
      if (requireRpc && !probe) throw misuse('--require-rpc and --no-probe: leave one out');
      const { lookAtGateway } = await import('./standing.ts');
      const { renderGatewayStatus, toGatewayStatus } = await import('./gateway-report.ts');
      const port = readPort(args.port);
      if (port !== undefined && shell.globals.url !== undefined) throw misuse('--port and --url: leave one out');
      const deep = args.deep === true;
      const standing = await lookAtGateway(shell, { port, probe, holders: true, deep });
      const report = await toGatewayStatus(standing, deep);
      answer(shell, report, (look) => renderGatewayStatus(standing, report, look));
      return requireRpc && !report.rpc.ok ? exitCodes.failed : exitCodes.ok;
    },
  };
}
