import { describeHolder } from '../../local/port-holders.ts';
import { version } from '../../version.ts';
import type { Check, Found } from '../check.ts';
import type { DoctorContext } from '../context.ts';

/** Who has the port of the gateway. */
export const port: Check = {
  number: 12,
  id: 'core/doctor/port',
  title: 'Port',
  async run(context) {
    const { here, command } = context;
    if (here.config.mode === 'remote') return [];
    const probe = await context.probe();
    if (probe.reachable && probe.url.endsWith(`:${here.port}`)) return [];
    const holders = await context.holders();
    if (!holders?.length) return [];
    return [
      {
        severity: 'error',
        message: `port ${here.port} is taken by something that is no gateway of this state directory`,
        evidence: holders.map(describeHolder).join('; '),
        path: here.portSource === 'default' ? 'gateway.port' : here.portSource,
        requirement: 'a port that nothing else listens on',
        fixHint: `stop it, or choose another port: ${command} config set gateway.port <port>`,
      },
    ];
  },
};

/** Whether the gateway answers, and lets this command line in. */
export const reachable: Check = {
  number: 13,
  id: 'core/doctor/gateway-reachable',
  title: 'Gateway',
  async run(context) {
    const { command } = context;
    const probe = await context.probe();
    if (!probe.reachable) return describeAbsence(context, probe.url);
    if (!probe.connect.ok)
      return [
        {
          severity: 'error',
          message: `the gateway refuses this command line: ${probe.connect.error?.message ?? 'it did not say why'}`,
          evidence: `${probe.url}: ${probe.connect.error?.code ?? 'no code'}`,
          path: 'gateway.auth',
          requirement: 'the credential that the gateway started with',
          fixHint: `${command} auth explain tells which credential was used, and where it comes from`,
        },
      ];
    const other = probe.server?.version;
    if (!other || other === version) return [];
    return [
      {
        severity: 'warning',
        message: `the gateway is version ${other}, and this command line is ${version}`,
        evidence: probe.url,
        requirement: 'one version',
        fixHint: `${command} gateway restart`,
      },
    ];
  },
};

// --- internal ---

function describeAbsence({ here, command }: DoctorContext, url: string): Found[] {
  const { runtime } = here;
  const isRemote = here.config.mode === 'remote';
  const silent = runtime?.alive;
  return [
    {
      severity: isRemote || silent ? 'error' : 'info',
      message: isRemote
        ? 'the remote gateway does not answer'
        : silent
          ? `process ${runtime.pid} says that it is the gateway, and does not answer`
          : 'no gateway is running',
      evidence: url,
      path: isRemote ? 'gateway.remote.url' : undefined,
      fixHint: isRemote ? 'check the address, and that the gateway runs there' : `${command} gateway start`,
    },
  ].map(({ path, ...found }) => ({ ...found, ...(path && { path }) })) as Found[];
}
