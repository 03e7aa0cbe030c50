import type { DoctorContext } from './context.ts';

export type Severity = 'info' | 'warning' | 'error';

/** What a check has found, as `doctor --json` tells it. Contract: no field holds a secret. */
export interface Finding {
  checkId: string;
  severity: Severity;
  /** What is wrong, in a sentence. */
  message: string;
  /** What it was seen by: a file and line, a process, what a program said. */
  evidence?: string;
  /** Key of the configuration, or file. */
  path?: string;
  /** What has to be so instead. */
  requirement?: string;
  /** What to do. */
  fixHint?: string;
  /** What `--fix` does about it; absent when it is left to a person. */
  fix?: string;
}

/** What a check tells, and how `--fix` would mend it. */
export interface Found extends Omit<Finding, 'checkId' | 'fix'> {
  remedy?: Remedy | undefined;
}

/** How a finding is mended. Nothing of it happens before it was shown. */
export type Remedy = EditRemedy | ActionRemedy;

/** A change of the configuration file; all of them are written together, as one diff. */
export interface EditRemedy {
  kind: 'edit';
  /** What it does, in words: `removes gateway.nonsense`. */
  what: string;
  /** Contract: answers a new tree and leaves the given one as it is. */
  edit(file: Record<string, unknown>): Record<string, unknown>;
}

/** Anything else: a mode, a file that goes, a service that is installed again. */
export interface ActionRemedy {
  kind: 'action';
  /** What it does, in words, as it is shown before: `chmod 600 /home/ada/.openclaw/openclaw.json`. */
  what: string;
  /** Rejects when it cannot be done; what it answers is told. */
  run(): Promise<string | undefined>;
}

/** One thing that doctor looks at. */
export interface Check {
  /** Stays the same for good; a number is not given twice. */
  number: number;
  /** `core/doctor/<name>`. */
  id: string;
  title: string;
  /** Contract: changes nothing. What it rejects with is told as a finding of its own. */
  run(context: DoctorContext): Promise<Found[]>;
}
