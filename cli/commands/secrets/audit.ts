import { homedir } from 'node:os';
import { resolvePaths } from '../../../server/config/paths.ts';
import { auditSecrets, type SecretAudit } from '../../../server/config/secret-audit.ts';
import { exitCodes } from '../../misuse.ts';
import { oneLine } from '../../render/text.ts';
import type { Look } from '../../render/value.ts';
import { answer, type Shell } from '../../shell.ts';

/** Exit code for references that cannot be read, with and without `--check`. */
const unresolved = 2;

/** `openclaw secrets audit`: no gateway is asked. @throws GatewayError INVALID_CONFIG */
export async function runAudit(shell: Shell, flags: { check: boolean; allowExec: boolean }): Promise<number> {
  const { env, globals } = shell;
  const paths = resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const audit = await auditSecrets({ paths, env, cwd: process.cwd(), allowExec: flags.allowExec });
  answer(shell, audit, (look) => renderAudit(audit, look));
  if (audit.status === 'unresolved') return unresolved;
  return flags.check && audit.status === 'findings' ? exitCodes.failed : exitCodes.ok;
}

// --- internal ---

function renderAudit({ findings, summary, resolution, filesScanned }: SecretAudit, { paint }: Look): string {
  const { plaintextCount, unresolvedRefCount, fileModeCount } = summary;
  const counts = [
    `${plaintextCount} in the open`,
    `${unresolvedRefCount} of ${count(resolution.refsChecked, 'reference')} cannot be read`,
    `${fileModeCount} open to others`,
  ];
  const verdict =
    findings.length === 0
      ? `Nothing found in ${count(filesScanned.length, 'file')}, ${count(resolution.refsChecked, 'reference')}.`
      : `Found: ${counts.join(', ')}.`;
  const blocks = findings.map(({ code, severity, file, line, path, message, fixHint }) =>
    [
      `${paint(severity === 'error' ? 'red' : 'yellow', code)} ${oneLine(`${file}${line ? `:${line}` : ''}${path ? ` ${path}` : ''}`)}`,
      `  ${oneLine(message)}`,
      `  ${paint('dim', 'do')} ${oneLine(fixHint)}`,
    ].join('\n'),
  );
  const skipped =
    resolution.skippedExecRefs > 0
      ? [`${count(resolution.skippedExecRefs, 'reference')} to programs not tried: add --allow-exec.`]
      : [];
  return `${[verdict, ...blocks, ...skipped].join('\n')}\n`;
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
