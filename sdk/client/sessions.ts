import type { inferProcedureInput } from '@trpc/server';
import type { Namespaces } from '../protocol/contract.ts';
import type { HistoryPage } from '../protocol/history.ts';
import type { ChatMessage } from '../protocol/message.ts';
import type { SessionPage, SessionRow } from '../protocol/session-row.ts';
import { type MessageOptions, toCallOptions } from './agents.ts';
import { blameCaller, callSite } from './call-site.ts';
import type { Rpc } from './rpc.ts';
import type { Run } from './run.ts';
import type { Starter } from './starter.ts';
import type { CallOptions } from './waiting.ts';

type SessionInputs = Namespaces['sessions']['_def']['record'];
type Fields<Method extends keyof SessionInputs, Without extends string = never> = Omit<
  Extract<inferProcedureInput<SessionInputs[Method]>, object>,
  Without
>;

/** What a new session is made of. */
export type SessionCreation = Fields<'create', 'message' | 'task' | 'attachments'>;
/** Which sessions to list. */
export type SessionFilter = Fields<'list'>;
/** What to change of a session; null takes an override away. */
export type SessionChanges = Fields<'patch', 'key' | 'agentId'>;

/** Which part of a transcript to read. */
export interface HistoryOptions extends CallOptions {
  /** Messages, at most 1000. Default 200. */
  limit?: number | undefined;
  /** Messages to leave out at the newer end. */
  offset?: number | undefined;
}

/** A conversation. */
export class Session {
  /** As it was given, or as the gateway made it: `agent:<agentId>:<rest>`. */
  readonly key: string;
  #starter: Starter;
  #rpc: Rpc;

  /** @internal Sessions come from `oc.sessions`. */
  constructor(starter: Starter, rpc: Rpc, key: string) {
    this.#starter = starter;
    this.#rpc = rpc;
    this.key = key;
  }

  /** Sends a message. Resolves when the gateway has it on disk, with the run that answers it. */
  send(message: string, options: MessageOptions = {}): Promise<Run> {
    const { signal, timeoutMs, runTimeoutSeconds, idempotencyKey, ...rest } = options;
    const limitMs = runTimeoutSeconds === undefined ? undefined : runTimeoutSeconds * 1000;
    return this.#starter.start({
      method: 'sessions.send',
      params: { key: this.key, message, timeoutMs: limitMs, ...rest },
      idempotencyKey,
      sessionKey: this.key,
      options: toCallOptions({ signal, timeoutMs }),
      site: callSite(this.send),
    });
  }

  /** Reads the session's row; null when there is no such session. */
  async describe(options?: CallOptions): Promise<SessionRow | null> {
    const { session } = await blameCaller(this.describe, this.#rpc.sessions.describe.query({ key: this.key }, options));
    return session;
  }

  /** Reads messages, the newest page first, each page from old to new. */
  async history({ limit, offset, ...options }: HistoryOptions = {}): Promise<ChatMessage[]> {
    const page = await blameCaller(
      this.history,
      this.#rpc.chat.history.query({ sessionKey: this.key, limit, offset }, options),
    );
    // Only a question with a cursor is answered with a delta.
    return (page as HistoryPage).messages;
  }

  /** Changes name, model or thinking. @returns the session as it is now. */
  async patch(changes: SessionChanges, options?: CallOptions): Promise<SessionRow> {
    const { entry } = await blameCaller(
      this.patch,
      this.#rpc.sessions.patch.mutate({ ...changes, key: this.key }, options),
    );
    return entry;
  }

  /** Ends what the session is doing. @returns false when it was doing nothing. */
  async abort(options?: CallOptions): Promise<boolean> {
    const { status } = await blameCaller(this.abort, this.#rpc.sessions.abort.mutate({ key: this.key }, options));
    return status === 'aborted';
  }

  /** Starts a fresh transcript; key and name stay. */
  async reset(options?: CallOptions): Promise<SessionRow> {
    const { entry } = await blameCaller(this.reset, this.#rpc.sessions.reset.mutate({ key: this.key }, options));
    return entry;
  }

  /** Deletes the session with its transcript. @returns false when there was none. */
  async delete(options?: CallOptions): Promise<boolean> {
    const { deleted } = await blameCaller(this.delete, this.#rpc.sessions.delete.mutate({ key: this.key }, options));
    return deleted;
  }
}

/** The conversations of the gateway. */
export class Sessions {
  #starter: Starter;
  #rpc: Rpc;

  /** @internal See `oc.sessions`. */
  constructor(starter: Starter, rpc: Rpc) {
    this.#starter = starter;
    this.#rpc = rpc;
  }

  /** The session with that key; `main` is the default agent's main conversation. Nothing is asked. */
  get(key: string): Session {
    return new Session(this.#starter, this.#rpc, key);
  }

  /** Creates a session, or adopts the one that has the key already. */
  async create(session: SessionCreation = {}, options?: CallOptions): Promise<Session> {
    const { key } = await blameCaller(this.create, this.#rpc.sessions.create.mutate(session, options));
    return this.get(key);
  }

  /** Lists sessions a page at a time: pinned ones first, then the newest, unless `sortBy` says otherwise. */
  list(filter: SessionFilter = {}, options?: CallOptions): Promise<SessionPage> {
    return blameCaller(this.list, this.#rpc.sessions.list.query(filter, options));
  }
}
