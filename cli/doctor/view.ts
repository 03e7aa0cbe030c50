import { oneLine } from '../render/text.ts';
import type { Look } from '../render/value.ts';
import type { Finding, Severity } from './check.ts';
import type { Report } from './examine.ts';
import type { Proposal } from './proposal.ts';

const colours = { info: 'cyan', warning: 'yellow', error: 'red' } as const satisfies Record<Severity, string>;

/** The findings for people, the gravest first. */
export function renderReport({ findings, checksRun }: Report, { paint }: Look): string {
  const counts = (['error', 'warning', 'info'] as const)
    .map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity === 'info' ? 'note' : severity}${count === 1 ? '' : 's'}`);
  const verdict = `${checksRun} checks, ${counts.join(', ') || 'nothing found'}`;
  const grave = ({ severity }: Finding) => ['error', 'warning', 'info'].indexOf(severity);
  const blocks = findings
    .toSorted((a, b) => grave(a) - grave(b))
    .map((finding) => {
      const { severity, message, evidence, requirement, fixHint, fix } = finding;
      const row = (name: string, text: string | undefined) =>
        text === undefined ? [] : [`  ${paint('dim', name.padEnd(6))} ${oneLine(text)}`];
      return [
        `${paint(colours[severity], severity)} ${oneLine(message)}`,
        ...row('seen', evidence),
        ...row('wanted', requirement),
        ...row('do', fixHint),
        ...row('--fix', fix),
      ].join('\n');
    });
  return `${[verdict, ...blocks].join('\n')}\n`;
}

/** The findings for a script that looks at the exit code: a line or two each. */
export function renderLint({ findings, checksRun }: Report): string {
  const lines = findings.flatMap(({ severity, checkId, path, message, fixHint }) => [
    `  [${severity}] ${checkId}${path ? ` ${path}` : ''} - ${oneLine(message)}`,
    ...(fixHint ? [`    fix: ${oneLine(fixHint)}`] : []),
  ]);
  return `${[`doctor --lint: ran ${checksRun} check(s), ${findings.length} finding(s)`, ...lines].join('\n')}\n`;
}

/** What would be done, before it is. */
export function renderProposal({ diff, edits, actions }: Proposal, { paint }: Look): string {
  const tint = (line: string) =>
    line.startsWith('+') ? paint('green', line) : line.startsWith('-') ? paint('red', line) : line;
  return [
    'This is what --fix would do:',
    ...edits.map((what) => `  ${oneLine(what)}`),
    ...actions.map(({ what }) => `  ${oneLine(what)}`),
    ...(diff ? ['', ...diff.trimEnd().split('\n').map(tint)] : []),
    '',
  ].join('\n');
}
