import type { Run } from './run.ts';
import type { Starter } from './starter.ts';

/** Where to go on with a run. */
export interface AttachOptions {
  /** `seq` of the last step that is known already. Default 0: from the beginning. */
  after?: number | undefined;
  /** The run's session, where it is known: gateways without `run-events` need it to tell the reply of an ended run. */
  sessionKey?: string | undefined;
}

/** The runs of the gateway, also those that others have started. */
export class Runs {
  #starter: Starter;

  /** @internal See `oc.runs`. */
  constructor(starter: Starter) {
    this.#starter = starter;
  }

  /** The run with that id, from its beginning. Nothing is asked: an unknown id fails when it is used. */
  get(runId: string): Run {
    return this.#starter.attach(runId, {});
  }

  /** The run with that id, from behind a step that is known. Nothing is asked: an unknown id fails when it is used. */
  attach(runId: string, { after = 0, sessionKey }: AttachOptions = {}): Run {
    return this.#starter.attach(runId, { after, sessionKey });
  }
}
