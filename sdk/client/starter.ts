import { type GatewayError, isGatewayError } from '../protocol/errors.ts';
import type { ResponseFrame } from '../protocol/frames.ts';
import type { HelloOk } from '../protocol/hello.ts';
import { atCallSite, type CallSite } from './call-site.ts';
import type { Connection } from './connection.ts';
import { toPayload } from './link.ts';
import { randomId } from './random-id.ts';
import { Run } from './run.ts';
import { RunFollower } from './run-follower.ts';
import { RunRouter } from './run-router.ts';
import type { CallOptions } from './waiting.ts';

/** A request that starts a run. */
export interface Start {
  method: 'agent' | 'sessions.send';
  /** Without `idempotencyKey`. */
  params: Record<string, unknown>;
  /** Becomes the run's id; made when absent. */
  idempotencyKey: string | undefined;
  sessionKey: string | undefined;
  options: CallOptions;
  site: CallSite;
}

export interface Patience {
  callTimeoutMs: number;
  idleTimeoutMs: number;
}

/** Starts runs and finds them again. */
export class Starter {
  #connection: Connection;
  #router: RunRouter;
  #callTimeoutMs: number;
  #idleTimeoutMs: number;

  constructor(connection: Connection, { callTimeoutMs, idleTimeoutMs }: Patience) {
    this.#connection = connection;
    this.#router = new RunRouter(connection);
    this.#callTimeoutMs = callTimeoutMs;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Starts a run. Resolves when the gateway has accepted it. */
  async start({ method, params, idempotencyKey = randomId(), sessionKey, options, site }: Start): Promise<Run> {
    const follower = this.#follow({ runId: idempotencyKey, after: 0, sessionKey });
    // Before the request: the first events may come with the answer.
    follower.open();
    try {
      const answer = await this.#connection.request({
        method,
        params: { ...params, idempotencyKey },
        repeat: 'keyed',
        options: { timeoutMs: this.#callTimeoutMs, ...options },
      });
      const accepted = toAcceptance(answer, this.#connection.hello);
      const fresh = accepted.status === 'accepted' || accepted.status === 'started';
      follower.accept(accepted.sessionKey, fresh);
    } catch (error) {
      follower.release();
      throw isGatewayError(error) ? atCallSite<GatewayError>(error, site) : error;
    }
    return new Run(this.#connection, follower, this.#callTimeoutMs);
  }

  /** A run that exists. Nothing is asked before somebody wants to hear of it. */
  attach(runId: string, { after = 0, sessionKey }: { after?: number; sessionKey?: string | undefined }): Run {
    const follower = this.#follow({ runId, after, sessionKey });
    follower.accept(sessionKey, false);
    return new Run(this.#connection, follower, this.#callTimeoutMs);
  }

  #follow(which: { runId: string; after: number; sessionKey: string | undefined }): RunFollower {
    return new RunFollower(this.#connection, this.#router, { ...which, idleTimeoutMs: this.#idleTimeoutMs });
  }
}

interface Acceptance {
  status: string;
  sessionKey?: string;
}

/** What a gateway said to a new run, or to one that it knows already: that one may even have failed since. */
function toAcceptance(answer: ResponseFrame, hello: HelloOk | undefined): Acceptance {
  const { ok, payload } = answer as { ok: boolean; payload?: Partial<Acceptance> & { runId?: string } };
  if (!ok && payload?.runId !== undefined && payload.status !== undefined) return { status: payload.status };
  return toPayload(answer, hello) as Acceptance;
}
