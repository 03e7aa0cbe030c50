import { basename } from 'node:path';
import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import type { GatewayError } from '../../sdk/protocol/errors.ts';

/** Keys for one line, the first fifty of many. */
export function listPaths(paths: readonly string[]): string {
  const more = paths.length > maxListed ? `, and ${paths.length - maxListed} more` : '';
  return paths.slice(0, maxListed).join(', ') + more;
}

/** What is wrong with a file, in one line: with whole paths for the log, with names alone for everybody. */
export function describeFault({ message, details }: GatewayError): { log: string; short: string } {
  const issues = (details?.issues ?? []) as (ConfigIssue & { file?: string; line?: number; column?: number })[];
  if (issues.length === 0) return { log: toOneLine(message), short: toOneLine(message) };
  const tell = (name: (file: string) => string) => {
    const lines = issues.slice(0, maxFaults).map(({ path, message: text, file, line, column }) => {
      const place = file === undefined ? '' : `${name(file)}:${line}:${column} — `;
      return toOneLine(`${place}${path ? `${path}: ` : ''}${text}`);
    });
    return [...lines, ...(issues.length > maxFaults ? [`and ${issues.length - maxFaults} more`] : [])].join('; ');
  };
  // Who may see how the gateway is may not always see where its files are.
  return { log: tell((file) => file), short: tell((file) => basename(file)) };
}

// --- internal ---

/** Keys that a line of the log names. */
const maxListed = 50;
/** Faults that one line tells. */
const maxFaults = 5;

const toOneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ').trim();
