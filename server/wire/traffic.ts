import type { RequestFrame } from '../../sdk/protocol/frames.ts';
import type { Log } from '../log/log.ts';
import type { Answer } from './connection.ts';

/** How requests and their answers are told: a line for both, or each frame with what is in it. */
export const trafficStyles = ['compact', 'full'] as const;
export type TrafficStyle = (typeof trafficStyles)[number];

/** Tells what clients ask and are answered, at level debug. Contract: does not throw. */
export interface Traffic {
  asked(connection: string, request: RequestFrame): void;
  /** @param ms since it was asked. */
  answered(connection: string, request: RequestFrame, answer: Answer, ms: number): void;
}

export function tellTraffic(style: TrafficStyle, log: Log): Traffic {
  if (style === 'full')
    return {
      asked: (connection, { id, method, params }) =>
        log.debug(`-> req ${toName(method)} ${id} [${connection.slice(0, 8)}] ${toText(params ?? {})}`),
      answered: (connection, { id, method }, answer, ms) =>
        log.debug(
          `<- res ${toName(method)} ${id} [${connection.slice(0, 8)}] ${toOutcome(answer)} ${Math.round(ms)} ms ${toText(answer.ok ? answer.payload : answer.error)}`,
        ),
    };
  return {
    asked() {},
    answered: (connection, { id, method }, answer, ms) => {
      const why = answer.ok ? '' : `: ${answer.error?.message.slice(0, maxChars)}`;
      log.debug(
        `<-> ${toName(method)} ${id} [${connection.slice(0, 8)}] ${toOutcome(answer)} ${Math.round(ms)} ms${why}`,
      );
    },
  };
}

// --- internal ---

/** Characters of what is asked or answered; of a name that is none of ours, fewer. */
const maxChars = 2_000;
const maxName = 100;
const secretName = /(token|password|secret|api[-_]?key|signature|credential)$/i;

const toName = (method: string) => method.slice(0, maxName);
const toOutcome = ({ ok, error }: Answer) => (ok ? 'ok' : (error?.code ?? 'failed'));

/** JSON without what goes by the name of a secret; known secrets are taken out by the log. */
function toText(value: unknown): string {
  const text = JSON.stringify(value, (name, member) =>
    typeof member === 'string' && secretName.test(name) ? '***' : member,
  );
  return text === undefined || text.length <= maxChars ? (text ?? '') : `${text.slice(0, maxChars)}...`;
}
