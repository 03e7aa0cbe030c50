import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Launch } from './launch.ts';

/** What of a unit matters here. */
export interface Unit {
  /** `Section.Key=value` as written, without comments, in the order of the file. */
  settings: { section: string; key: string; value: string }[];
  /** `ExecStart`, as words. */
  command: string[] | undefined;
  environment: Record<string, string>;
}

/** By which a file of ours is told from one that somebody else has written. */
export const writtenBy = 'Written by "openclaw gateway install"';

/** Name of the unit of a profile. */
export function unitName(profile: string | undefined): string {
  return `openclaw-gateway${profile ? `-${profile}` : ''}.service`;
}

/**
 * The text of a user unit. It holds no secret: those are in the file that `EnvironmentFile` names.
 * @throws GatewayError INVALID_REQUEST for a path or value with a line break, which a unit cannot hold.
 */
export function renderUnit(launch: Launch): string {
  const name = unitName(launch.paths.profile);
  const head = [
    `# ${writtenBy}, which writes it anew: put changes of your own into`,
    `# "systemctl --user edit ${name}".`,
  ];
  return renderLines(launch, { head, account: [], wantedBy: 'default.target' });
}

/** The text of a unit of the whole machine, which starts the same gateway at boot, as that user. @throws as {@link renderUnit} */
export function renderSystemUnit(launch: Launch, user: string): string {
  const account = [`User=${user}`, `WorkingDirectory=${escapeSpecifiers(launch.home)}`];
  const head = ['# Printed by "openclaw gateway install --system".'];
  return renderLines(launch, { head, account, wantedBy: 'multi-user.target' });
}

/** Reads a unit, also one that somebody else has written. */
export function parseUnit(text: string): Unit {
  const settings: Unit['settings'] = [];
  let section = '';
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = raw.trim();
    const at = line.indexOf('=');
    if (line.startsWith('[')) section = line.slice(1, line.indexOf(']'));
    else if (at > 0 && !/^[#;]/.test(line))
      settings.push({ section, key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() });
  }
  const values = (key: string) => settings.filter((one) => one.section === 'Service' && one.key === key);
  const start = values('ExecStart').at(-1)?.value;
  return {
    settings,
    command: start === undefined ? undefined : toWords(start).map((word) => word.replaceAll('$$', '$')),
    environment: Object.fromEntries(values('Environment').flatMap(({ value }) => toWords(value).map(toEntry))),
  };
}

/** Quotes text for a place where systemd splits words and expands `%`. @throws GatewayError INVALID_REQUEST for a line break. */
export function quoteWord(text: string): string {
  const escaped = escapeSpecifiers(text).replace(/[\\"]/g, '\\$&');
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

// --- internal ---

interface Kind {
  /** Comments. */
  head: string[];
  /** Who runs it, and where. */
  account: string[];
  wantedBy: string;
}

function renderLines({ paths, program, args, environment, secretsPath }: Launch, kind: Kind): string {
  const variables = { ...environment, OPENCLAW_SYSTEMD_UNIT: unitName(paths.profile) };
  return [
    ...kind.head,
    '[Unit]',
    `Description=OpenClaw Gateway${paths.profile ? ` (${paths.profile})` : ''}`,
    'After=network-online.target',
    'Wants=network-online.target',
    'StartLimitBurst=10',
    'StartLimitIntervalSec=300',
    '',
    '[Service]',
    ...kind.account,
    `ExecStart=${[program, ...args].map(toCommandWord).join(' ')}`,
    'Restart=always',
    'RestartSec=5',
    'RestartPreventExitStatus=78',
    'TimeoutStopSec=30',
    'TimeoutStartSec=30',
    'SuccessExitStatus=0 143',
    'KillMode=control-group',
    'OOMPolicy=continue',
    ...Object.entries(variables).map(([key, value]) => `Environment=${toAssignment(key, value)}`),
    `EnvironmentFile=-${escapePattern(secretsPath)}`,
    '',
    '[Install]',
    `WantedBy=${kind.wantedBy}`,
    '',
  ].join('\n');
}

/** In a command line `$` begins a variable as well. */
const toCommandWord = (text: string) => quoteWord(text).replaceAll('$', '$$$$');

function toAssignment(key: string, value: string): string {
  return quoteWord(`${key}=${value}`);
}

function escapeSpecifiers(text: string): string {
  if (/[\r\n\0]/.test(text))
    throw new GatewayError(
      'INVALID_REQUEST',
      `${JSON.stringify(text)} has a line break in it, which a systemd unit cannot hold: rename that folder or file`,
    );
  return text.replaceAll('%', '%%');
}

/** The rest of the line is one path, without quotes; but as a pattern of file names. */
const escapePattern = (path: string) => escapeSpecifiers(path).replace(/[\\*?[]/g, '\\$&');

/** Splits as systemd does: quotes of both kinds, a backslash before what is meant literally. */
function toWords(text: string): string[] {
  const words = text.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+/g) ?? [];
  return words.map((word) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(.)/g, unquote).replaceAll('%%', '%'),
  );
}

function unquote(_whole: string, double?: string, single?: string, escaped?: string): string {
  return escaped ?? (double ?? single ?? '').replace(/\\(.)/g, '$1');
}

function toEntry(assignment: string): [string, string] {
  const at = assignment.indexOf('=');
  return [assignment.slice(0, at), assignment.slice(at + 1)];
}
