import type { Command } from '../../command.ts';
import { exitCodes } from '../../misuse.ts';
import { readPort } from '../../port.ts';
import { header } from '../../render/header.ts';
import { oneLine } from '../../render/text.ts';
import { span } from '../../render/time.ts';
import type { Look } from '../../render/value.ts';
import { answer, type Shell } from '../../shell.ts';
import type { ProbeWarning, Seen } from './probe-targets.ts';

/** `openclaw gateway probe`: looks at every gateway that this machine knows of, and says what answered. */
export function probeCommand(shell: Shell): Command {
  return {
    meta: { name: 'probe', description: 'Try every gateway that is known here: --url, the remote one, the local one.' },
    args: {
      port: {
        type: 'string',
        multiple: true,
        valueHint: 'n',
        description: 'Try this port of this machine instead of those that are known; may be given several times',
      },
    },
    examples: ['openclaw gateway probe', 'openclaw gateway probe --port 18789 --port 19001 --json'],
    run: async ({ args }) => {
      const report = await lookAround(shell, args);
      answer(shell, toJson(report), (look) => render(report, look));
      return report.ok ? exitCodes.ok : exitCodes.failed;
    },
  };
}

// --- internal ---

interface Report {
  profile: string | undefined;
  ok: boolean;
  degraded: boolean;
  capability: string;
  primaryTargetId: string | null;
  warnings: ProbeWarning[];
  seen: Seen[];
}

async function lookAround(shell: Shell, args: Record<string, unknown>): Promise<Report> {
  const [{ readGatewayHere }, { probeTarget }, { bestCapability, listTargets, warnOf }, { withProgress }] =
    await Promise.all([
      import('../../local/gateway-here.ts'),
      import('../../local/target.ts'),
      import('./probe-targets.ts'),
      import('../../progress.ts'),
    ]);
  const written = args.port === undefined ? [] : (JSON.parse(String(args.port)) as string[]);
  const ports = [...new Set(written.flatMap((text) => text.split(',')).map((text) => readPort(text) as number))];
  const here = await readGatewayHere(shell);
  const targets = await listTargets(shell, here, ports);
  const work = Promise.all(targets.map(async (one) => ({ ...one, probe: await probeTarget(one, shell) })));
  const seen = await withProgress(shell, { what: `Trying ${targets.map(({ url }) => url).join(', ')}`, work });
  const reachable = seen.filter(({ probe }) => probe.reachable);
  return {
    profile: here.profile,
    ok: reachable.length > 0,
    degraded: reachable.some(({ probe }) => !probe.connect.rpcOk),
    capability: bestCapability(seen),
    primaryTargetId: (reachable.find(({ probe }) => probe.connect.ok) ?? reachable[0])?.id ?? null,
    warnings: warnOf(seen),
    seen,
  };
}

/** Never the credentials. Shape: docs/status.md. */
function toJson({ seen, profile, ...report }: Report) {
  const targets = seen.map(({ id, kind, url, from, active, probe: { reachable, connect, auth, server } }) => ({
    id,
    kind,
    url,
    from,
    active,
    reachable,
    connect,
    auth,
    server,
  }));
  return { schemaVersion: 1, profile: profile ?? null, ...report, targets };
}

function render({ profile, ok, capability, warnings, seen }: Report, look: Look): string {
  return `${[
    header('Gateway probe', profile, look),
    `Reachable: ${ok ? look.paint('green', 'yes') : look.paint('red', 'no')}`,
    `Capability: ${capability.replaceAll('_', '-')}`,
    ...warnings.map(({ message }) => look.paint('yellow', `Warning: ${oneLine(message)}`)),
    '',
    'Targets',
    ...seen.flatMap((one) => renderTarget(one, look)),
    ...(ok ? [] : ['', `Start a gateway here with "openclaw gateway", or see why it ended: openclaw logs`]),
  ].join('\n')}\n`;
}

const labels: Record<Seen['kind'], string> = {
  explicit: 'URL (explicit)',
  remote: 'Remote (configured)',
  environment: 'OPENCLAW_GATEWAY_URL',
  local: 'Local loopback',
  port: 'Port (explicit)',
};

function renderTarget({ kind, url, active, probe }: Seen, { paint }: Look): string[] {
  const { connect, server, auth } = probe;
  const label = kind === 'remote' && !active ? 'Remote (configured, inactive)' : labels[kind];
  const error = connect.error ? oneLine(connect.error.message) : '';
  const opened = connect.ok
    ? `Connect: ${paint('green', 'ok')} (${connect.latencyMs}ms)`
    : `Connect: ${paint('red', 'failed')} - ${error}`;
  const read = connect.rpcOk ? 'ok' : connect.scopeLimited ? `limited - ${error}` : `failed - ${error}`;
  return [
    `  ${label}  ${oneLine(url)}${active ? '  (active)' : ''}`,
    `    ${opened}`,
    ...(connect.ok ? [`    Read probe: ${read}`] : []),
    ...(server ? [`    Server: ${oneLine(server.version)}, up ${span(server.uptimeMs)}, as ${auth?.role ?? '-'}`] : []),
  ];
}
