import { membersOf } from '../../../server/config/key-path.ts';
import type { Command } from '../../command.ts';
import { exitCodes } from '../../misuse.ts';
import { oneLine } from '../../render/text.ts';
import type { Look } from '../../render/value.ts';
import { answer, type Shell } from '../../shell.ts';

/** `openclaw channels`: the chat networks that the configuration names. */
export function channelsCommand(shell: Shell): Command {
  const status: Command = {
    meta: { name: 'status', description: 'Show the configured chat networks; also while the gateway is down.' },
    args: {
      probe: { type: 'boolean', description: 'Ask each account whether it is well' },
      channel: { type: 'string', valueHint: 'name', description: 'Only this one' },
    },
    examples: ['openclaw channels status', 'openclaw channels status --probe --json'],
    run: async ({ args }) => {
      const report = await lookAtChannels(shell, args);
      answer(shell, report, (look) => render(report, look));
      return exitCodes.ok;
    },
  };
  return {
    meta: { name: 'channels', description: 'Show the chat networks that the configuration names.' },
    subCommands: { status },
  };
}

// --- internal ---

/** One account of a chat network. `running` is always false: this version has none that could run. */
interface Account {
  accountId: string;
  enabled: boolean;
  configured: boolean;
  running: false;
  lifecycle: 'unsupported' | 'disabled';
  /** After `--probe`. */
  probe?: { ok: false; error: string };
}

/** Documented in docs/status.md. */
interface Report {
  schemaVersion: 1;
  ts: number;
  gatewayReachable: boolean;
  /** True when the gateway could not tell, so that only a file of this machine is shown. */
  configOnly: boolean;
  /** Why the gateway could not tell. */
  error: string | null;
  configPath: string;
  channelOrder: string[];
  channelLabels: Record<string, string>;
  channels: Record<string, { configured: boolean; enabled: boolean; running: false }>;
  channelAccounts: Record<string, Account[]>;
  channelDefaultAccountId: Record<string, string>;
  warnings: string[];
}

const noChannels = 'this version of the gateway runs no channels: what is configured waits for one that does';

async function lookAtChannels(shell: Shell, args: Record<string, unknown>): Promise<Report> {
  const { readGatewayHere } = await import('../../local/gateway-here.ts');
  const { withProgress } = await import('../../progress.ts');
  const here = await readGatewayHere(shell);
  const told = await withProgress(shell, { what: `Asking ${here.url}`, work: askGateway(shell) });
  const own = here.config.value as { channels?: unknown };
  const channels = membersOf(told.channels ?? own.channels);
  const names = Object.keys(channels).filter((name) => name !== 'defaults' && isWanted(name, args.channel));
  const accounts = names.map((name) => [name, toAccounts(membersOf(channels[name]), args.probe === true)] as const);
  return {
    schemaVersion: 1,
    ts: Date.now(),
    gatewayReachable: told.reachable,
    configOnly: told.channels === undefined,
    error: told.error,
    configPath: told.path ?? here.config.path,
    channelOrder: names,
    channelLabels: Object.fromEntries(names.map((name) => [name, name])),
    channels: Object.fromEntries(accounts.map(([name, list]) => [name, sumUp(list)])),
    channelAccounts: Object.fromEntries(accounts),
    channelDefaultAccountId: Object.fromEntries(
      accounts.map(([name, list]) => [name, list[0]?.accountId ?? 'default']),
    ),
    warnings: names.length > 0 ? [noChannels] : [],
  };
}

const isWanted = (name: string, wanted: unknown) => wanted === undefined || name === String(wanted);

interface Told {
  reachable: boolean;
  error: string | null;
  channels?: unknown;
  path?: string | undefined;
}

/** What the gateway runs with; secrets in it are redacted, and none is shown. */
async function askGateway(shell: Shell): Promise<Told> {
  const { withGateway } = await import('../../request.ts');
  const { patienceMs } = await import('../../local/target.ts');
  const { findGatewayError } = await import('../../../sdk/protocol/errors.ts');
  const { isMisuse } = await import('../../misuse.ts');
  try {
    const snapshot = await withGateway(shell, (client) => client.rpc.config.get.query({}, { timeoutMs: patienceMs }), {
      patienceMs,
    });
    const { config, path } = snapshot as { config?: { channels?: unknown }; path?: string };
    return { reachable: true, error: null, channels: config?.channels ?? {}, path };
  } catch (error) {
    const known = findGatewayError(error);
    if (!known || isMisuse(known)) throw error;
    // Of a refusal the gateway's own words are kept apart; nobody says any where nobody is.
    const isSilent = ['UNREACHABLE', 'CONNECTION_LOST', 'TIMEOUT', 'CLOSED'].includes(known.code);
    const { why } = known.details ?? {};
    return { reachable: !isSilent && why !== undefined, error: String(why ?? known.message) };
  }
}

/** `accounts` by their ids; without them, the channel itself is the account `default`. */
function toAccounts(channel: Record<string, unknown>, probe: boolean): Account[] {
  const accounts = Object.entries(membersOf(channel.accounts));
  const list = accounts.length > 0 ? accounts : [['default', channel] as const];
  return list.map(([accountId, account]) => {
    const enabled = channel.enabled !== false && membersOf(account).enabled !== false;
    return {
      accountId,
      enabled,
      configured: Object.keys(membersOf(account)).length > 0,
      running: false,
      lifecycle: enabled ? 'unsupported' : 'disabled',
      ...(probe && { probe: { ok: false, error: 'not run: this version has no channel to ask' } }),
    };
  });
}

function sumUp(accounts: readonly Account[]): Report['channels'][string] {
  const configured = accounts.some((account) => account.configured);
  return { configured, enabled: accounts.some(({ enabled }) => enabled), running: false };
}

function render(report: Report, { paint }: Look): string {
  const { gatewayReachable, configOnly, error, configPath, channelOrder, channelAccounts, warnings } = report;
  const from = `These lines are from the configuration alone: ${configPath}`;
  const head = gatewayReachable
    ? ['Gateway reachable.', ...(configOnly ? [`It did not tell: ${oneLine(error ?? '')}. ${from}`] : [])]
    : [paint('yellow', `Gateway not reachable: ${oneLine(error ?? 'no answer')}.`), from];
  const lines = channelOrder.flatMap((name) =>
    (channelAccounts[name] ?? []).map((account) => renderAccount(name, account)),
  );
  return `${[
    ...head,
    ...(lines.length > 0 ? lines : ['No channels are configured.']),
    ...warnings.map((text) => paint('yellow', `Note: ${text}.`)),
  ].join('\n')}\n`;
}

function renderAccount(channel: string, { accountId, enabled, configured, probe }: Account): string {
  const facts = [configured ? 'configured' : 'not configured', enabled ? 'enabled' : 'disabled', 'not running'];
  return oneLine(`- ${channel} ${accountId}: ${facts.join(', ')}${probe ? `; probe ${probe.error}` : ''}`);
}
