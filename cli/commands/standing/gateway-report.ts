import type { ConfigReloadState } from '../../../sdk/protocol/config-reload.ts';
import type { ConfigHere } from '../../local/config-here.ts';
import type { Probe } from '../../local/probe.ts';
import { header } from '../../render/header.ts';
import { oneLine } from '../../render/text.ts';
import { span } from '../../render/time.ts';
import { renderTroubles } from '../../render/troubles.ts';
import type { Look } from '../../render/value.ts';
import type { ProcessHere } from '../../service/process-here.ts';
import { askReadiness } from './readiness.ts';
import type { PortHere, Standing, Supervisor } from './standing.ts';

export type GatewayStatus = Awaited<ReturnType<typeof toGatewayStatus>>;

/** What `gateway status --json` answers; documented in docs/status.md. Holds no secret. */
export async function toGatewayStatus(standing: Standing, deep: boolean) {
  const { here, target, probe, process, supervisor, serviceConfig, port, extraServices } = standing;
  const readiness = deep && probe?.reachable ? await askReadiness(target.url) : undefined;
  return {
    schemaVersion: 1 as const,
    profile: here.profile ?? null,
    service: toService(supervisor, process),
    process,
    config: { cli: toConfig(here.config), daemon: serviceConfig ? toConfig(serviceConfig) : null },
    faults: here.faults,
    gateway: {
      bindMode: here.bind,
      bindHost: here.hosts[0] ?? null,
      port: port.port,
      portSource: port.source,
      probeUrl: target.url,
      probeUrlSource: target.from,
      /** SHA-256 that its certificate has to have; null without TLS, or when it is not known here. */
      tlsFingerprint: target.tlsFingerprint ?? null,
      version: probe?.server?.version ?? probe?.status?.runtimeVersion ?? null,
    },
    port: { port: port.port, status: port.status, listeners: toListeners(port) },
    rpc: toRpc(target.url, probe),
    configReload: reloadOf(probe) ?? null,
    degradedSecretOwners: probe?.status?.degradedSecretOwners ?? [],
    logFile: here.logFile,
    extraServices,
    ...(deep && { readiness: readiness ?? null, drift: supervisor.description?.drift ?? [] }),
  };
}

/** The lines that people and scripts read. */
export function renderGatewayStatus(standing: Standing, report: GatewayStatus, look: Look): string {
  const { here, probe, process, supervisor, serviceConfig, extraServices } = standing;
  const { gateway, port, logFile } = report;
  return `${[
    header('Gateway status', here.profile, look),
    `Service: ${renderService(supervisor)}`,
    ...renderConfig('cli', here.config, look),
    ...(serviceConfig ? renderConfig('service', serviceConfig, look) : []),
    ...here.faults.map((fault) => look.paint('red', `Would not start: ${oneLine(fault)}`)),
    oneLine(`Gateway: bind=${gateway.bindMode} (${gateway.bindHost}), port=${gateway.port} (${gateway.portSource})`),
    ...(gateway.tlsFingerprint ? [`TLS: certificate SHA-256 ${oneLine(gateway.tlsFingerprint)}`] : []),
    `Runtime: ${renderProcess(process)}`,
    ...renderProbe(standing, look),
    ...port.listeners.map(({ address, pid, user, command }) =>
      oneLine(`Listening: ${address} (pid ${pid}${user ? ` ${user}` : ''}: ${command})`),
    ),
    ...renderTroubles({ ...probe?.status, configReload: reloadOf(probe) }, look),
    ...renderDeep(report),
    `File logs: ${logFile}`,
    ...extraServices.map(({ label, scope, path, port: own }) =>
      oneLine(`Other gateway service: ${label} (${scope}, ${own === null ? 'port unknown' : `port ${own}`}) ${path}`),
    ),
    ...(probe && !probe.connect.rpcOk ? [`Next: ${nextStep(standing)}`] : []),
  ].join('\n')}\n`;
}

/** What to type when the gateway does not answer as it should. */
export function nextStep({ here, target, isLocal, probe, process, supervisor }: Standing): string {
  if (probe?.connect.ok) return 'openclaw logs';
  if (probe?.reachable) return 'openclaw auth explain';
  if (!isLocal) return `check that a gateway runs at ${target.url}, and the network between`;
  if (!here.config.valid) return 'openclaw doctor';
  if (process.status === 'running') return 'openclaw logs --follow';
  return supervisor.description?.installed ? 'openclaw gateway start' : 'openclaw gateway, or openclaw gateway install';
}

/** What the gateway says of changes of its configuration; newer than its hello is its status. */
export function reloadOf(probe: Probe | undefined): ConfigReloadState | undefined {
  return probe?.status?.configReload ?? probe?.health?.configReload;
}

/** The service and the process, whoever looks after it. */
export function toService({ service, description, missing }: Supervisor, process: ProcessHere) {
  const { status, pid, kind, facts } = process;
  const { state, substate, lastExit } = description?.runtime ?? {};
  return {
    kind: service?.kind ?? null,
    label: service?.label ?? null,
    name: service?.name ?? null,
    missing: missing ?? null,
    installed: description?.installed ?? false,
    loaded: description?.loaded ?? false,
    enabled: description?.enabled ?? false,
    unitPath: description?.unitPath ?? null,
    command: description?.command ?? null,
    port: description?.port ?? null,
    runtime: { status, pid, kind, facts, state: state ?? null, substate: substate ?? null, lastExit: lastExit ?? null },
  };
}

// --- internal ---

function toConfig({ path, exists, valid, issues }: ConfigHere) {
  return { path, exists, valid, issues };
}

function toListeners({ listeners = [] }: PortHere) {
  return listeners.map(({ pid, command, user, address }) => ({ pid, command, user, address }));
}

function toRpc(url: string, probe: Probe | undefined) {
  if (!probe) return { ok: false, skipped: true, url, capability: 'unknown', auth: null, server: null } as const;
  const { connect, capability, auth, server, reachable } = probe;
  const { rpcOk, latencyMs, error } = connect;
  return { ok: rpcOk, skipped: false, url, reachable, capability, latencyMs, auth, server, ...(error && { error }) };
}

function renderService({ service, description, missing }: Supervisor): string {
  if (!service) return oneLine(`none (${missing})`);
  if (!description.installed) return `${service.label} (not installed)`;
  const notes = [
    description.enabled ? 'enabled' : 'disabled',
    ...(description.foreign ? ['not written by openclaw'] : []),
  ];
  return `${service.label} (${notes.join(', ')})`;
}

function renderConfig(whose: string, { path, exists, valid, issues }: ConfigHere, { paint }: Look): string[] {
  const remark = !exists ? ' (missing)' : valid ? '' : paint('red', ' (invalid)');
  const lines = issues
    .slice(0, 5)
    .map(({ path: key, message, line }) => `  ${path}:${line} — ${key ? `${key}: ` : ''}${message}`);
  const rest = issues.length > lines.length ? [`  ... and ${issues.length - lines.length} more`] : [];
  return [`Config (${whose}): ${path}${remark}`, ...[...lines, ...rest].map((line) => paint('red', line))];
}

function renderProcess({ status, pid, facts }: ProcessHere): string {
  const notes = [...(pid === null ? [] : [`pid ${pid}`]), ...facts].map(oneLine);
  return notes.length > 0 ? `${status} (${notes.join(', ')})` : status;
}

function renderProbe({ target, probe, isLocal }: Standing, { paint }: Look): string[] {
  if (!probe) return ['RPC probe: skipped (--no-probe)'];
  const where = `Probe target: ${target.url} (from ${target.from}${isLocal ? '' : ', another machine'})`;
  const { connect, server, capability } = probe;
  if (!connect.rpcOk) {
    const said = connect.error?.message ?? 'no reason given';
    return [`RPC probe: ${paint('red', 'failed')}`, `  ${oneLine(said)}`, oneLine(where)];
  }
  const facts = [`${connect.latencyMs}ms`, `openclaw ${server?.version}`, `up ${span(server?.uptimeMs ?? 0)}`];
  const secret = target.credentialFrom ? `credentials from ${target.credentialFrom}` : 'no credentials';
  return [
    `RPC probe: ${paint('green', 'ok')}`,
    oneLine(where),
    `  ${oneLine([...facts, capability.replaceAll('_', '-'), secret].join(' · '))}`,
  ];
}

function renderDeep({ readiness, drift }: GatewayStatus): string[] {
  if (readiness === undefined) return [];
  const ready = readiness === null ? 'not known' : readiness.ready ? 'yes' : `no (${readiness.failing.join(', ')})`;
  return [`Ready: ${ready}`, ...(drift ?? []).map((sentence) => oneLine(`Unit differs: ${sentence}`))];
}
