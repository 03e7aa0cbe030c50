import { oneLine } from '../../render/text.ts';

/** What became of a verb: what `--json` prints, after `action`. */
export interface Outcome {
  ok: boolean;
  /** For programs: `installed`, `started`, `already-running`, `stopped`, `not-running`, `not-installed`, `no-supervisor`, ... */
  result: string;
  service?: { kind: string; label: string; name: string; unitPath: string } | undefined;
  pid?: number | undefined;
  /** The process from before a restart. */
  previousPid?: number | undefined;
  url?: string | undefined;
  /** The first line for people; one is made of the result where there is none. */
  message?: string | undefined;
  /** What to type next. */
  hints?: string[] | undefined;
  /** Worth knowing, no failure: these go to stderr. */
  notices?: string[] | undefined;
}

/** For people: what was done, where the gateway is now, what to do next. */
export function renderOutcome({ ok, result, message, pid, url, hints = [] }: Outcome): string {
  // A text of many lines is a file.
  if (result === 'printed') return message ?? '';
  const first = message ?? sentences[result] ?? result;
  const where = ok && url ? [`The gateway says hello at ${url} (pid ${pid}).`] : [];
  return `${[first, ...where, ...hints].map(oneLine).join('\n')}\n`;
}

// --- internal ---

const sentences: Record<string, string> = { started: 'Started the gateway.', restarted: 'Restarted the gateway.' };
