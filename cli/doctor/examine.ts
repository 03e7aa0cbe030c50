import type { Check, Finding, Found, Remedy, Severity } from './check.ts';
import type { DoctorContext } from './context.ts';

/** What `doctor --json` answers. */
export interface Report {
  schemaVersion: 1;
  /** True without a finding of the least severity that was asked for. */
  ok: boolean;
  checksRun: number;
  checksSkipped: number;
  /** In the order of the checks. */
  findings: Finding[];
}

/** A report, and how its findings are mended. */
export interface Examined extends Report {
  remedies: { finding: Finding; remedy: Remedy }[];
}

export interface Examination {
  /** Ids or numbers of the checks that are run; all of them when empty. */
  only: readonly string[];
  skip: readonly string[];
  /** Findings below it are left out. */
  least: Severity;
}

const order: readonly Severity[] = ['info', 'warning', 'error'];

/** Runs the checks, all at once; changes nothing. A check that fails is a finding and does not keep the others from running. */
export async function examine(
  checks: readonly Check[],
  context: DoctorContext,
  { only, skip, least }: Examination,
): Promise<Examined> {
  const names = ({ id, number }: Check) => [id, id.slice(id.lastIndexOf('/') + 1), String(number)];
  const isNamed = (check: Check, list: readonly string[]) => names(check).some((name) => list.includes(name));
  const chosen = checks.filter((check) => (only.length === 0 || isNamed(check, only)) && !isNamed(check, skip));
  const found = await Promise.all(chosen.map((check) => runOne(check, context)));
  const all = found.flat().filter(({ finding }) => order.indexOf(finding.severity) >= order.indexOf(least));
  return {
    schemaVersion: 1,
    ok: all.length === 0,
    checksRun: chosen.length,
    checksSkipped: checks.length - chosen.length,
    findings: all.map(({ finding }) => finding),
    remedies: all.flatMap(({ finding, remedy }) => (remedy ? [{ finding, remedy }] : [])),
  };
}

// --- internal ---

interface Judged {
  finding: Finding;
  remedy: Remedy | undefined;
}

async function runOne(check: Check, context: DoctorContext): Promise<Judged[]> {
  const found = await check.run(context).catch((error: unknown): Found[] => [
    {
      severity: 'warning',
      message: `this could not be looked at: ${error instanceof Error ? error.message : String(error)}`,
      evidence: check.title,
    },
  ]);
  return found.map(({ remedy, ...rest }) => ({
    finding: { checkId: check.id, ...rest, ...(remedy && { fix: remedy.what }) },
    remedy,
  }));
}
