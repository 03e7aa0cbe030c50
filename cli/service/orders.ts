import { GatewayError } from '../../sdk/protocol/errors.ts';
import { lastWords, type Ran } from './run-program.ts';

/** One program of a supervisor, as it is spoken to. */
export interface Orders {
  /** What it answers, also when it refuses. */
  ask(...args: string[]): Promise<Ran>;
  /** @throws GatewayError UNAVAILABLE with what it said when it refuses. */
  order(...args: string[]): Promise<void>;
}

/** Whom the program stands for, and how it is called. */
export interface Addressee {
  /** As errors name it, for example `launchd`. */
  supervisor: string;
  /** What is typed before the arguments, for example `systemctl --user`. */
  program: string;
  ask(args: readonly string[]): Promise<Ran>;
}

/** Orders that fail when the supervisor refuses them. */
export function toOrders({ supervisor, program, ask }: Addressee): Orders {
  return {
    ask: (...args) => ask(args),
    async order(...args) {
      const ran = await ask(args);
      if (ran.code !== 0) throw toRefusal(supervisor, `${program} ${args.join(' ')}`, ran);
    },
  };
}

/** The error of an order that was refused. */
export function toRefusal(supervisor: string, command: string, ran: Ran): GatewayError {
  // Agents of launchd belong to a session at the screen.
  const hint =
    supervisor === 'launchd' && /domain/i.test(ran.stderr) ? ' (agents need a session: log in at the screen once)' : '';
  return new GatewayError('UNAVAILABLE', `${supervisor} refused "${command}": ${lastWords(ran)}${hint}`, {
    details: { command, code: ran.code },
  });
}
