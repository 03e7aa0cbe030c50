import type { AgentRow } from '../protocol/agents.ts';
import type { Attachment } from '../protocol/fields.ts';
import { blameCaller, callSite } from './call-site.ts';
import type { Rpc } from './rpc.ts';
import type { Run } from './run.ts';
import type { Starter } from './starter.ts';
import type { CallOptions } from './waiting.ts';

/** How a message is to be answered. `signal` and `timeoutMs` are about the gateway's acceptance, not about the run. */
export interface MessageOptions extends CallOptions {
  /** How much the model may think: `off`, `minimal`, `low`, `medium`, `high`, or a level that only its provider knows. */
  thinking?: string | undefined;
  attachments?: Attachment[] | undefined;
  /** Seconds the run may take. Default: what the gateway is configured to allow. */
  runTimeoutSeconds?: number | undefined;
  /** Becomes the run's id; the same one again finds the first run and starts nothing. Default: a random one. */
  idempotencyKey?: string | undefined;
}

/** How an agent is to run. */
export interface RunOptions extends MessageOptions {
  /** Which conversation. Default: the agent's main one. */
  sessionKey?: string | undefined;
  /** Model for this run only. */
  model?: string | undefined;
  /** Provider of `model`. */
  provider?: string | undefined;
  /** Instructions added to the agent's own. */
  extraSystemPrompt?: string | undefined;
  /** Name for a session that this run creates. */
  label?: string | undefined;
}

/** An agent of the gateway. */
export class Agent {
  /** Undefined for the default agent. */
  readonly id: string | undefined;
  #starter: Starter;

  /** @internal Agents come from `oc.agents`. */
  constructor(starter: Starter, id: string | undefined) {
    this.#starter = starter;
    this.id = id;
  }

  /** Sends a message. Resolves when the gateway has the message on disk, with the run that answers it. */
  run(message: string, options: RunOptions = {}): Promise<Run> {
    const { signal, timeoutMs, runTimeoutSeconds, idempotencyKey, ...rest } = options;
    return this.#starter.start({
      method: 'agent',
      params: { message, agentId: this.id, timeout: runTimeoutSeconds, ...rest },
      idempotencyKey,
      sessionKey: options.sessionKey,
      options: toCallOptions({ signal, timeoutMs }),
      site: callSite(this.run),
    });
  }
}

/** The agents of the gateway. */
export class Agents {
  #starter: Starter;
  #rpc: Rpc;

  /** @internal See `oc.agents`. */
  constructor(starter: Starter, rpc: Rpc) {
    this.#starter = starter;
    this.#rpc = rpc;
  }

  /** The agent with that id; without one, the default agent. Nothing is asked: an unknown id fails when it is used. */
  get(id?: string): Agent {
    return new Agent(this.#starter, id);
  }

  /** Lists the agents, the default one first. */
  async list(options?: CallOptions): Promise<AgentRow[]> {
    const { agents } = await blameCaller(this.list, this.#rpc.agents.list.query({}, options));
    return agents;
  }
}

/** Only what was given: an absent timeout must not hide the default. */
export function toCallOptions({ signal, timeoutMs }: CallOptions): CallOptions {
  return { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) };
}
