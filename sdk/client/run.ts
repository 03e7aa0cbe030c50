import { GatewayError } from '../protocol/errors.ts';
import type { RunRow } from '../protocol/runs.ts';
import { atCallSite, blameCaller, callSite } from './call-site.ts';
import { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { ask } from './link.ts';
import type { Request } from './pending.ts';
import type { RunFollower } from './run-follower.ts';
import type { RunResult } from './run-result.ts';
import { joinSteps, type RunStep } from './run-step.ts';
import { type CallOptions, Waiting } from './waiting.ts';

/**
 * One execution of an agent. Looping over it yields its steps from the beginning, the last one of type `end`; any number
 * of loops may do so. Leaving a loop, losing the connection or closing the client never stops the run: only
 * {@link Run.abort} does. After a reconnect the steps that were missed come first, none twice.
 *
 * A loop ends when the run does. It throws a GatewayError when the client is closed (`CLOSED`, or why it was closed), or
 * when the run says nothing for the client's `idleTimeoutMs` (`TIMEOUT`).
 */
export class Run implements AsyncIterable<RunStep> {
  /** Unique at its gateway; `oc.runs.attach(id)` finds the run again, from any process. */
  readonly id: string;
  #connection: Connection;
  #follower: RunFollower;
  #callTimeoutMs: number;

  /** @internal Runs come from agents, sessions and `oc.runs`. */
  constructor(connection: Connection, follower: RunFollower, callTimeoutMs: number) {
    this.id = follower.feed.runId;
    this.#connection = connection;
    this.#follower = follower;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /** Number of the newest event that was seen here; for `oc.runs.attach(id, { after })`. */
  get seq(): number {
    return this.#follower.feed.seq;
  }

  /** Key of the run's session, as soon as it is known. */
  get sessionKey(): string | undefined {
    return this.#follower.sessionKey;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<RunStep> {
    const site = callSite(this[Symbol.asyncIterator]);
    let stop = () => {};
    const channel = new Channel<RunStep>({
      join: joinSteps,
      onRelease: () => stop(),
      onOverflow: (full) =>
        full.fail(new GatewayError('UNAVAILABLE', `run ${this.id}: the loop is too slow, 10000 steps wait for it`)),
    });
    stop = this.#follower.watch({
      step: (step) => channel.push(step),
      ended: () => channel.end(),
      failed: (error) => channel.fail(atCallSite(error, site)),
    });
    return channel;
  }

  /** Waits for the end, however the run ends. @throws GatewayError as a loop does, or by the given signal and timeout. */
  wait(options: CallOptions = {}): Promise<RunResult> {
    return blameCaller(this.wait, this.#ended(options));
  }

  /** Waits for the reply. @throws GatewayError when the run did not end well; `details.text` has what was said so far. */
  text(options: CallOptions = {}): Promise<string> {
    const reply = this.#ended(options).then(({ error, text }) => {
      if (error) throw error;
      return text;
    });
    return blameCaller(this.text, reply);
  }

  /** Ends the run; what it said so far is kept. @returns false when it had ended already. */
  async abort(options: CallOptions = {}): Promise<boolean> {
    // Harmless to send twice: the second finds no run.
    const asked = this.#ask('sessions.abort', { runId: this.id }, { repeat: 'keyed', ...options });
    const { status } = (await blameCaller(this.abort, asked)) as { status: string };
    return status === 'aborted';
  }

  /** Reads how the run stands. Needs a gateway with the capability `run-events`. */
  async describe(options: CallOptions = {}): Promise<RunRow> {
    const asked = this.#ask(
      'runs.events',
      { runId: this.id, after: this.seq, limit: 1 },
      { repeat: 'once', ...options },
    );
    const { run } = (await blameCaller(this.describe, asked)) as { run: RunRow };
    return run;
  }

  #ended(options: CallOptions): Promise<RunResult> {
    const late = () =>
      new GatewayError('TIMEOUT', `run ${this.id} has not ended within ${options.timeoutMs} ms; it goes on`);
    let stop = () => {};
    const waiting = new Waiting<RunResult>(options, late, () => stop());
    // The signal may have fired already: then there is nothing to watch.
    if (!options.signal?.aborted)
      stop = this.#follower.watch({
        ended: (result) => waiting.resolve(result),
        failed: (error) => waiting.reject(error),
      });
    return waiting.promise;
  }

  #ask(
    method: string,
    params: unknown,
    { repeat, ...options }: Pick<Request, 'repeat'> & CallOptions,
  ): Promise<unknown> {
    return ask(this.#connection, { method, params, repeat, options: { timeoutMs: this.#callTimeoutMs, ...options } });
  }
}
