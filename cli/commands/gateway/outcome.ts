import { oneLine } from '../../render/text.ts';
import type { Service } from '../../service/service.ts';
import type { Serving } from '../../service/serving.ts';

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

/** Of a gateway that is not the service's: the service would not get past its lock. */
export function inTheWay(pid: number): Outcome {
  return {
    ok: false,
    result: 'in-the-way',
    message: `A gateway runs already that is not the service's (pid ${pid}).`,
    hints: ['Stop it first: openclaw gateway stop'],
  };
}

/** What a verb did to a service, and the gateway that answers since. */
export function done({ kind, label, name, unitPath }: Service, result: string, serving?: Serving): Outcome {
  const notices = serving?.refused ? [`It answers, and does not let this command in: ${serving.refused}`] : [];
  return { ok: true, result, service: { kind, label, name, unitPath }, ...serving, notices };
}

/** There is no supervisor. */
export function noService(missing: string): Outcome {
  return {
    ok: false,
    result: 'no-supervisor',
    message: `Service management is not possible here: ${missing}.`,
    hints: [
      ...(process.platform === 'linux'
        ? ['For the whole machine, by an administrator: openclaw gateway install --system']
        : []),
      'In the background without one: openclaw gateway start --detach',
      'In the foreground: openclaw gateway run',
    ],
  };
}

/** There is a supervisor, and it does not know the gateway. */
export function notInstalled({ name }: Service): Outcome {
  return {
    ok: false,
    result: 'not-installed',
    message: `${name} is not installed.`,
    hints: ['Install and start it: openclaw gateway install', 'Without a service: openclaw gateway start --detach'],
  };
}

// --- internal ---

const sentences: Record<string, string> = { started: 'Started the gateway.', restarted: 'Restarted the gateway.' };
