import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import type { LogTail } from '../../../server/log/tail.ts';
import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import { exitCodes, misuse } from '../../misuse.ts';
import { plain } from '../../render/paint.ts';
import { printable } from '../../render/text.ts';
import type { Shell } from '../../shell.ts';
import type { LogReader, SourceKind } from './log-follow.ts';
import { renderLogLine, toLogLine } from './log-line.ts';

const flags: Flags = {
  follow: { type: 'boolean', alias: 'f', description: 'Go on with new lines, over restarts, until Ctrl-C' },
  limit: { type: 'string', valueHint: 'n', description: 'Lines to begin with (default 200, at most 5000)' },
  'max-bytes': { type: 'string', valueHint: 'n', description: 'Bytes to read at most (default 250000)' },
  interval: { type: 'string', valueHint: 'ms', description: 'Milliseconds between looks of --follow (default 1000)' },
  plain: { type: 'boolean', description: 'Without colours, also on a terminal' },
  utc: { type: 'boolean', description: 'Times in UTC' },
  'local-time': { type: 'boolean', description: 'Times of this machine (default)' },
};

/** `openclaw logs`: the end of the gateway's log, from the gateway or, when it is down, from its file on this machine. */
export function logsCommand(shell: Shell, subCommands: NonNullable<Command['subCommands']>): Command {
  const run: Command = {
    meta: { name: 'logs', description: "Show the gateway's log; also while the gateway is down." },
    args: flags,
    examples: ['openclaw logs --follow', 'openclaw logs --limit 50 --utc', 'openclaw logs --json'],
    run: async ({ args }) => showLog(shell, readFlags(args)),
  };
  return { meta: run.meta, otherwise: run, subCommands };
}

// --- internal ---

interface Wanted {
  follow: boolean;
  plain: boolean;
  zone: 'utc' | 'local';
  intervalMs: number;
  limits: { limit: number; maxBytes: number };
}

function readFlags(args: Record<string, unknown>): Wanted {
  if (args.utc === true && args['local-time'] === true) throw misuse('--utc and --local-time: leave one out');
  return {
    follow: args.follow === true,
    plain: args.plain === true,
    zone: args.utc === true ? 'utc' : 'local',
    intervalMs: readNumber('interval', args.interval, { usual: 1_000, least: 50, most: 3_600_000 }),
    limits: {
      limit: readNumber('limit', args.limit, { usual: 200, least: 1, most: 5_000 }),
      maxBytes: readNumber('max-bytes', args['max-bytes'], { usual: 250_000, least: 1, most: 1_000_000 }),
    },
  };
}

function readNumber(
  name: string,
  text: unknown,
  { usual, least, most }: { usual: number; least: number; most: number },
): number {
  if (text === undefined) return usual;
  const value = /^\d+$/.test(String(text)) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw misuse(`--${name} must be a whole number from ${least} to ${most}, not "${text}"`);
}

async function showLog(shell: Shell, wanted: Wanted): Promise<number> {
  const { followLog, readOnce } = await import('./log-follow.ts');
  const { openSource } = await import('./log-source.ts');
  const source = await openSource(shell);
  const interrupted = new AbortController();
  const stop = wanted.follow ? await listen(interrupted) : undefined;
  const reader = shell.globals.json ? jsonReader(shell, source.url) : textReader(shell, wanted);
  try {
    const { limits, intervalMs } = wanted;
    const following = { ...source, limits, intervalMs, reader, signal: interrupted.signal };
    await (wanted.follow ? followLog(following) : readOnce(following));
    return exitCodes.ok;
  } catch (error) {
    if (!shell.globals.json) throw error;
    shell.note(JSON.stringify(toErrorRecord(error)));
    return exitCodes.failed;
  } finally {
    stop?.();
    await source.close();
  }
}

/** Ctrl-C ends the following; a second one does not wait for the goodbye. */
async function listen(interrupted: AbortController): Promise<() => void> {
  const { listenForInterrupts } = await import('../../interrupts.ts');
  return listenForInterrupts(['SIGINT', 'SIGTERM'], {
    onFirst: () => interrupted.abort(),
    onSecond: () => process.exit(130),
  });
}

function textReader({ out, note, look }: Shell, { plain: isPlain, zone }: Wanted): LogReader {
  const dressed = isPlain ? { paint: plain } : look;
  return {
    meta({ file, reset, skippedBytes }, source) {
      if (skippedBytes) note(`[logs] ${skippedBytes} bytes of ${file} were left out: more came than is read at once`);
      else if (reset && source === 'gateway') note(`[logs] ${file} begins anew`);
    },
    lines: (lines) =>
      lines.length > 0 && out(lines.map((line) => `${renderLogLine(toLogLine(line), dressed, zone)}\n`).join('')),
    notice: (text) => note(`[logs] ${printable(text)}`),
  };
}

/** One JSON object a line: what was read on stdout, what was noticed on stderr. Shape: docs/status.md. */
function jsonReader({ out, note }: Shell, url: string): LogReader {
  return {
    meta(tail, sourceKind) {
      out(`${JSON.stringify(toMeta(tail, sourceKind, url))}\n`);
    },
    lines: (lines) =>
      lines.length > 0 && out(lines.map((line) => `${JSON.stringify({ type: 'log', ...toLogLine(line) })}\n`).join('')),
    notice: (message) => note(JSON.stringify({ type: 'notice', time: new Date().toISOString(), message })),
  };
}

function toMeta({ lines: _, ...tail }: LogTail, sourceKind: SourceKind, url: string) {
  return { type: 'meta', schemaVersion: 1, sourceKind, localFallback: sourceKind === 'file', url, ...tail };
}

function toErrorRecord(error: unknown) {
  const known = findGatewayError(error);
  if (!known) throw error;
  const { code, message, details = {} } = known;
  const { url, urlFrom } = details;
  const hint = 'openclaw gateway status';
  return { type: 'error', message, error: { code, message }, details: { url, urlFrom }, hint };
}
