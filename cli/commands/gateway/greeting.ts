import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ModelChoice } from '../../../sdk/protocol/health.ts';
import { oneLine } from '../../render/text.ts';
import type { Shell } from '../../shell.ts';
import { version } from '../../version.ts';

/** What a gateway that has just started says about itself. */
export interface Started {
  url: string;
  port: number;
  /** SHA-256 of its certificate; undefined without TLS. */
  tlsFingerprint?: string | undefined;
  /** Addresses it listens on. */
  hosts: readonly string[];
  models: readonly ({ agentId: string } & ModelChoice)[];
  auth: { mode: 'none' | 'token' | 'password' | 'trusted-proxy'; source: string };
  tokenPath: string;
  /** Undefined for the ordinary gateway. */
  profile?: string | undefined;
  logFile: string;
}

/** The ready lines: where it listens, which model answers and why, what to try from another terminal. */
export function greeting(shell: Shell, started: Started): string {
  const { url, port, hosts, models, auth, tokenPath, profile, logFile, tlsFingerprint } = started;
  const scheme = tlsFingerprint === undefined ? 'ws' : 'wss';
  const { paint } = shell.look;
  const row = (name: string, text: string) => `  ${paint('dim', name.padEnd(6))} ${text}`;
  const agents = models.map(({ agentId, model, reason }) => {
    const whose = models.length > 1 ? `${agentId}: ` : '';
    return row('model', oneLine(`${whose}${model} (${reason})`));
  });
  return [
    `${paint('bold', 'OpenClaw Gateway')} ${version} ${paint('green', 'ready')} on ${url}${profile ? ` (profile ${profile})` : ''}`,
    ...toForeignHosts(hosts).map((host) => row('also', `${scheme}://${host}:${port} for other machines`)),
    ...(tlsFingerprint === undefined ? [] : [row('tls', `certificate SHA-256 ${tlsFingerprint}`)]),
    ...agents,
    row('auth', auth.source === auth.mode ? auth.mode : `${auth.mode}, ${describeSource(auth, tokenPath)}`),
    row('log', logFile),
    '',
    'Try next, from another terminal:',
    ...suggestions(shell, started).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

// --- internal ---

/** Addresses at which other machines find it; of a listener on every interface, those that this machine has. */
function toForeignHosts(hosts: readonly string[]): string[] {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = own.filter(({ internal, address }) => !internal && isIPv4(address)).map(({ address }) => address);
  return hosts.flatMap((host) => (host === '0.0.0.0' ? outside : host)).filter((host) => !host.startsWith('127.'));
}

function describeSource({ mode, source }: Started['auth'], tokenPath: string): string {
  const place = source === 'gateway.token' ? tokenPath : source;
  return mode === 'trusted-proxy' ? `programs on this machine with the password from ${place}` : `from ${place}`;
}

/** Three commands that work as they stand. */
function suggestions(shell: Shell, { port, auth, tokenPath, tlsFingerprint }: Started): string[] {
  const { globals, env } = shell;
  // Started by npm or npx, the command is not on the path.
  const command = env.npm_command === undefined ? 'openclaw' : 'npx openclaw';
  const profile = globals.dev ? ' --dev' : globals.profile ? ` --profile ${globals.profile}` : '';
  if (auth.source === 'trusted-proxy')
    return ['set gateway.auth.password: programs on this machine, as openclaw itself, come without the proxy'];
  const secret = auth.mode === 'token' ? 'token' : 'password';
  const bearer = auth.source === 'gateway.token' ? `$(cat ${quote(tokenPath)})` : `<${secret}>`;
  const header = auth.mode === 'none' ? '' : `-H "Authorization: Bearer ${bearer}" `;
  return [
    `${command}${profile} agent --message "How do I bind to my LAN?"`,
    `${command}${profile} status`,
    `curl -N${tlsFingerprint === undefined ? ' http' : 'k https'}://127.0.0.1:${port}/v1/chat/completions ${header}-H "Content-Type: application/json" -d '{"model":"openclaw","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
  ];
}

const quote = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replace(/'/g, `'\\''`)}'`);
