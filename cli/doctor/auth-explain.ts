import type { Explanation } from '../../sdk/node/explain.ts';
import { inFlags } from '../flag-words.ts';
import { toWanted } from '../globals.ts';
import { hideThoseIn } from '../hide-secrets.ts';
import type { Probe } from '../local/probe.ts';
import { exitCodes } from '../misuse.ts';
import { table } from '../render/table.ts';
import { oneLine } from '../render/text.ts';
import type { Look } from '../render/value.ts';
import { answer, type Shell } from '../shell.ts';

/** What a gateway lets people in by. */
type Expectation = 'token' | 'password' | 'none' | 'trusted-proxy' | 'unknown';

/** What `auth explain --json` answers. Holds no secret: a fingerprint is the beginning of a SHA-256. */
interface AuthReport extends Omit<Explanation, 'credentials'> {
  schemaVersion: 1;
  /** The credential that is sent; null when there is none. */
  credential: { kind: string; source: string; fingerprint: string } | null;
  /** Every place that was looked at, in order. */
  candidates: Explanation['credentials'];
  server: {
    reachable: boolean;
    expects: Expectation;
    /** Null when nobody answered. */
    accepted: boolean | null;
    /** Of the refusal, for example `AUTH_TOKEN_MISMATCH`. */
    code?: string;
    message?: string;
  };
  /** What to do, in order; empty when there is nothing to do. */
  advice: string[];
}

/** Milliseconds that the gateway gets for each of two attempts. */
const patienceMs = 3000;

/** `openclaw auth explain`: 0 when the gateway lets this command line in or is down, 1 when it refuses. @throws GatewayError */
export async function explainAuth(shell: Shell): Promise<number> {
  const { explainGateway } = await import('../../sdk/node/explain.ts');
  const { locate } = await import('../../sdk/node/locate.ts');
  const wanted = toWanted(shell.globals);
  const { credentials, ...explanation } = await explainGateway(wanted, shell.env);
  const chosen = credentials.find(({ state }) => state === 'chosen');
  const located = await locate(wanted, shell.env);
  hideThoseIn(located.url);
  const server = await askServer(located);
  const report: AuthReport = {
    schemaVersion: 1,
    ...explanation,
    credential: chosen
      ? { kind: chosen.kind, source: inFlags(chosen.source, `--${chosen.kind}`), fingerprint: chosen.fingerprint ?? '' }
      : null,
    candidates: credentials.map((one) => ({
      ...one,
      source: inFlags(one.source, `--${one.kind}`),
      why: inFlags(one.why, `--${chosen?.kind ?? one.kind}`),
    })),
    server,
    advice: [],
  };
  report.advice = advise(report);
  answer(shell, report, (look) => render(report, look));
  return server.accepted === false ? exitCodes.failed : exitCodes.ok;
}

// --- internal ---

interface Located {
  url: string;
  token?: string | undefined;
  password?: string | undefined;
  tlsFingerprint?: string | undefined;
}

/** Tries what would be sent, once: a wrong credential counts against the caller. */
async function askServer({ url, token, password, tlsFingerprint }: Located): Promise<AuthReport['server']> {
  const { probeGateway } = await import('../local/probe.ts');
  const probe = await probeGateway({ url, credentials: { token, password }, tlsFingerprint, timeoutMs: patienceMs });
  const fault = probe.connect.error ? { code: probe.connect.error.code, message: probe.connect.error.message } : {};
  if (!probe.reachable) return { reachable: false, expects: 'unknown', accepted: null, ...fault };
  const expects = toExpectation(probe) ?? (await askWithout(url));
  return { reachable: true, expects, accepted: probe.connect.ok, ...fault };
}

function toExpectation({ connect, auth }: Probe): Expectation | undefined {
  const told = modes.find((mode) => mode === auth?.method);
  if (told) return told;
  const code = connect.error?.code ?? '';
  if (code.startsWith('AUTH_TOKEN_')) return 'token';
  if (code.startsWith('AUTH_PASSWORD_')) return 'password';
  return /IDENTITY_HEADER|PROXY/i.test(code) ? 'trusted-proxy' : undefined;
}

const modes = ['token', 'password', 'none', 'trusted-proxy'] as const;

/** Who brings nothing over HTTP is told what is missing; that counts against nobody. */
async function askWithout(url: string): Promise<Expectation> {
  try {
    const address = new URL('/v1/models', url.replace(/^ws/, 'http'));
    const response = await fetch(address, { signal: AbortSignal.timeout(patienceMs), redirect: 'error' });
    if (response.ok) return 'none';
    const { error } = (await response.json()) as { error?: { message?: string } };
    const word = /gateway (token|password) missing/.exec(error?.message ?? '')?.[1];
    return word === 'token' || word === 'password' ? word : 'unknown';
  } catch {
    return 'unknown'; // A certificate that is pinned by its fingerprint is none that fetch would accept.
  }
}

/** What to do about it, from what the gateway said. */
function advise({ server, credential, candidates, url, urlFrom, kind }: AuthReport): string[] {
  if (!server.reachable)
    return [
      kind === 'local'
        ? 'no gateway answers: start one with openclaw gateway start'
        : `no gateway answers at ${url}, which comes from ${urlFrom}: check that address`,
    ];
  if (server.accepted) return [];
  const code = server.code ?? '';
  if (code === 'AUTH_RATE_LIMITED') return ['too many wrong credentials came from this address: wait, then try again'];
  if (code === 'PAIRING_REQUIRED') return ['where the gateway runs: openclaw devices approve'];
  if (server.expects === 'trusted-proxy')
    return ['come through the proxy that signs people in; this gateway takes nobody else'];
  const word = server.expects === 'unknown' ? 'credential' : server.expects;
  const unreadable = candidates.filter(({ state }) => state === 'unreadable');
  const variable = server.expects === 'password' ? 'OPENCLAW_GATEWAY_PASSWORD' : 'OPENCLAW_GATEWAY_TOKEN';
  const kept =
    server.expects === 'password'
      ? 'gateway.auth.password'
      : 'gateway.auth.token, or gateway.token in its state directory';
  const obtain = `get the ${word} where the gateway runs (${kept}), and set it as ${variable}`;
  if (!credential) return [...unreadable.map(({ source, why }) => `make ${source} readable: ${why}`), obtain];
  if (server.expects !== 'unknown' && credential.kind !== server.expects)
    return [`the gateway wants a ${word}, and ${credential.source} is a ${credential.kind}: ${obtain}`];
  return [...compare(credential, candidates), obtain];
}

/** Another secret that is there, and may be the right one. */
function compare(chosen: NonNullable<AuthReport['credential']>, candidates: AuthReport['candidates']): string[] {
  const others = candidates.filter(
    ({ state, fingerprint }) => state === 'passed-over' && fingerprint !== chosen.fingerprint,
  );
  const isVariable = chosen.source.startsWith('OPENCLAW_GATEWAY_');
  const running = others.find(({ source }) => source.endsWith('gateway.json'));
  const other = running ?? others[0];
  if (!other)
    return [
      `${chosen.source} (${chosen.fingerprint}) is not what the gateway started with: correct it, or restart the gateway`,
    ];
  const what = `${other.source} holds another one (${other.fingerprint})${running ? ', which the running gateway wrote there' : ''}`;
  return [isVariable ? `${what}: unset ${chosen.source}` : `${what}: ${chosen.source} comes before it and is wrong`];
}

function render({ server, credential, candidates, advice, ...address }: AuthReport, look: Look): string {
  const { paint } = look;
  const row = (name: string, text: string) => `${paint('dim', name.padEnd(9))} ${oneLine(text)}`;
  const sent = credential ? `${credential.kind} from ${credential.source} (sha256 ${credential.fingerprint})` : 'none';
  const verdict = !server.reachable
    ? paint('yellow', 'does not answer')
    : server.accepted
      ? paint('green', 'lets this command in')
      : `${paint('red', 'refuses')}: ${server.message ?? server.code}`;
  const rows = candidates.map(({ kind, source, state, fingerprint, why }) =>
    [kind, source, state, fingerprint ?? '', why].map(oneLine),
  );
  return [
    row('gateway', `${address.url} (from ${inFlags(address.urlFrom)})`),
    ...(address.tlsFingerprint ? [row('tls', `${address.tlsFingerprint} (from ${address.tlsFingerprintFrom})`)] : []),
    row('sent', sent),
    row('expects', server.expects === 'none' ? 'nothing: everybody on its machine is let in' : server.expects),
    row('verdict', verdict),
    ...advice.map((what) => row('do', what)),
    '',
    table(
      [
        { head: 'kind' },
        { head: 'from' },
        { head: 'state' },
        { head: 'sha256' },
        { head: 'why', wraps: true, elastic: true },
      ],
      rows,
      look,
    ),
  ].join('\n');
}
