import type { GatewayHere } from '../../local/gateway-here.ts';
import type { Capability, Probe } from '../../local/probe.ts';
import { findTarget, findTargetOnPort, readUrl, type Target } from '../../local/target.ts';
import type { Shell } from '../../shell.ts';

/** Why a gateway is looked at. */
export type TargetKind = 'explicit' | 'remote' | 'environment' | 'local' | 'port';

/** One of the gateways that `gateway probe` looks at. */
export interface ProbeTarget extends Target {
  /** `explicit`, `remote`, `environment`, `local`, or `port-<n>`. */
  id: string;
  kind: TargetKind;
  /** True for the one that other commands speak to. */
  active: boolean;
}

/** What could mislead whoever goes by the answer. */
export interface ProbeWarning {
  code: 'multiple_gateways' | 'probe_scope_limited' | 'auth_refused';
  message: string;
  targetIds: string[];
}

export type Seen = ProbeTarget & { probe: Probe };

/**
 * All gateways that this machine knows of, best first: `--url`, the remote one of the configuration, the one of the
 * environment, the local one. Ports that were named replace all but the first. @throws GatewayError bad usage.
 */
export async function listTargets(shell: Shell, here: GatewayHere, ports: readonly number[]): Promise<ProbeTarget[]> {
  const { url } = shell.globals;
  const explicit =
    url === undefined ? [] : [{ id: 'explicit', kind: 'explicit', ...(await findTarget(shell)) } as const];
  const named = await Promise.all(
    ports.map(
      async (port) => ({ id: `port-${port}`, kind: 'port', ...(await findTargetOnPort(shell, port)) }) as const,
    ),
  );
  const known = ports.length > 0 ? named : await listKnown(shell, here);
  const usual = await findTarget(shell);
  return [...explicit, ...known].map((target) => ({ ...target, active: target.url === usual.url }));
}

/** What the answers, taken together, should warn of. */
export function warnOf(seen: readonly Seen[]): ProbeWarning[] {
  const limited = seen.filter(({ probe }) => probe.connect.scopeLimited);
  const refused = seen.filter(({ probe }) => probe.reachable && !probe.connect.ok);
  return [
    ...warnOfSeveral(seen.filter(({ probe }) => probe.reachable)),
    ...toWarning('probe_scope_limited', limited, 'the credentials lack operator.read, so less is known of'),
    ...toWarning('auth_refused', refused, 'somebody is there, but let nobody in at'),
  ];
}

/** The best of several. */
export function bestCapability(seen: readonly Seen[]): Capability {
  const found = seen.map(({ probe }) => probe.capability);
  return capabilities.find((one) => found.includes(one)) ?? 'unknown';
}

// --- internal ---

const capabilities: readonly Capability[] = [
  'admin_capable',
  'write_capable',
  'read_only',
  'connected_no_operator_scope',
  'pairing_pending',
];

type Candidate = Omit<ProbeTarget, 'active'>;

async function listKnown(shell: Shell, here: GatewayHere): Promise<Candidate[]> {
  const { globals, env } = shell;
  const { remote } = here.config.value.gateway ?? {};
  const targets: Candidate[] = [];
  if (remote?.url)
    targets.push({
      id: 'remote',
      kind: 'remote',
      url: readUrl(remote.url),
      from: `gateway.remote.url in ${here.config.path}`,
      credentials: {
        token: textOf(globals.token ?? remote.token),
        password: textOf(globals.password ?? remote.password),
      },
      credentialFrom: `gateway.remote in ${here.config.path}`,
      tlsFingerprint: textOf((remote as { tlsFingerprint?: unknown }).tlsFingerprint),
      hint: '',
    });
  if (env.OPENCLAW_GATEWAY_URL?.trim() && globals.url === undefined)
    targets.push({ id: 'environment', kind: 'environment', ...(await findTarget(shell)) });
  const local = await findTargetOnPort(shell, Number(new URL(here.url).port) || here.port);
  const from = here.runtime?.alive && here.url === here.runtime.url ? here.runtime.path : here.portSource;
  targets.push({ id: 'local', kind: 'local', ...local, url: here.url, from });
  return targets;
}

/** A reference to a secret that nobody has read is no credential. */
function textOf(secret: unknown): string | undefined {
  return typeof secret === 'string' && secret !== '' && !/\$\{[^}]+\}/.test(secret) ? secret : undefined;
}

/** Two ways to one gateway are one gateway; of somebody who let nobody in it is not known which one it is. */
function warnOfSeveral(seen: readonly Seen[]): ProbeWarning[] {
  const identities = new Set(seen.map(({ url, probe }) => probe.server?.bootId ?? `at ${url}`));
  if (identities.size < 2) return [];
  const where = seen.map(({ id, url }) => `${id} (${url})`).join(', ');
  const message = `multiple reachable gateways: ${where}. Usually one is enough; several need a port, a state directory and a configuration each, and commands speak to the active one.`;
  return [{ code: 'multiple_gateways', message, targetIds: seen.map(({ id }) => id) }];
}

function toWarning(code: ProbeWarning['code'], seen: readonly Seen[], words: string): ProbeWarning[] {
  if (seen.length === 0) return [];
  const where = seen.map(({ url, probe }) => (probe.connect.error ? `${url} (${probe.connect.error.message})` : url));
  return [{ code, message: `${words} ${where.join(', ')}`, targetIds: seen.map(({ id }) => id) }];
}
