import type { RunEvent } from '../protocol/agent.ts';
import type { ChatEvent } from '../protocol/chat-event.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { Connection } from './connection.ts';
import { type FeedListener, RunFeed } from './run-feed.ts';
import { chatToEnding, eventToEnding, type RunEnding, rowToEnding, toRunResult } from './run-result.ts';
import type { RunRouter, RunWatcher } from './run-router.ts';
import { keepsRunLog, readReply, readRunLog, waitForEnding } from './run-source.ts';

/*
 * Live events go to the feed as they come. Whenever some may be missing (the connection was lost, it dropped events, the
 * run is attached to) live ones are held back, the run's log is read behind the last one, and then they follow.
 * Also the end is read there: an event says that the run ended, the log's row says how.
 * Gateways without the capability `run-events` have no log: `agent.wait` and the session's history stand in for it.
 */

export interface FollowOptions {
  runId: string;
  /** Only events behind this number. */
  after: number;
  sessionKey: string | undefined;
  /** Milliseconds without an event of this run until following fails. */
  idleTimeoutMs: number;
}

/** Events that may be held back while the log is read. */
const maxHeld = 50_000;
/** Milliseconds without an event until the log is looked at, in case one was lost. */
const probeMs = 30_000;
/** Milliseconds to wait for the other half of an end, which `agent` and `chat` both tell, or for the row to say it. */
const lookAgainMs = 100;
const maxLooks = 10;

/** Keeps one run's feed complete, over reconnects, for as long as somebody listens. */
export class RunFollower implements RunWatcher {
  readonly feed: RunFeed;
  sessionKey: string | undefined;
  #connection: Connection;
  #router: RunRouter;
  #idleTimeoutMs: number;
  #stop: (() => void) | undefined;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #heardAt = 0;
  /** False until the gateway has accepted the run: before that there is nothing to read. */
  #accepted = false;
  #sawReady = false;
  /** True on the connection that started the run: only that one gets `tool` events. */
  #toolsFollow = false;
  /** Why the log must be read. */
  #wanted: 'nothing' | 'end' | 'missed' | 'resumed' = 'nothing';
  #reading = false;
  #holding = false;
  #held: RunEvent[] = [];
  #ending: Partial<RunEnding> = {};
  #halves = new Set<'agent' | 'chat'>();
  #looks = 0;
  #complete = true;

  constructor(connection: Connection, router: RunRouter, options: FollowOptions) {
    this.#connection = connection;
    this.#router = router;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.sessionKey = options.sessionKey;
    this.feed = new RunFeed(options.runId, options.after);
  }

  /** Listens for a run that is about to be started. */
  open(): void {
    this.#toolsFollow = true;
    this.#listen();
  }

  /** The gateway knows the run. @param fresh false when it had begun before, so that its events must be read. */
  accept(sessionKey: string | undefined, fresh: boolean): void {
    this.sessionKey ??= sessionKey;
    this.#accepted = true;
    if (!fresh) this.#want('missed');
    this.#catchUp();
  }

  /** Tells what came already, then what comes. @returns how to stop. */
  watch(listener: FeedListener): () => void {
    const stop = this.feed.watch(listener);
    if (!this.#stop && !this.feed.settled) {
      this.#listen();
      this.#want('missed');
      this.#catchUp();
    }
    return () => {
      stop();
      // The log has what comes meanwhile. Without one, listening goes on until the end.
      if (this.feed.listeners === 0 && hasLog(this.#connection)) this.release();
    };
  }

  /** Stops listening; the next `watch` goes on where this ended. */
  release(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#held = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  agentOnEvent(event: RunEvent): void {
    this.#heardAt = Date.now();
    if (!this.#holding) this.#apply(event, this.#toolsFollow);
    else if (this.#held.length < maxHeld) this.#held.push(event);
    else this.#want('missed');
  }

  chatOnEvent(event: ChatEvent): void {
    const ending = chatToEnding(event);
    if (ending) this.#hearEnding('chat', ending);
  }

  connectionOnReady(): void {
    if (this.#sawReady) {
      this.#toolsFollow = false;
      this.#want('resumed');
    } else if (this.#reading || this.#wanted !== 'nothing') this.#holding = hasLog(this.#connection);
    this.#sawReady = true;
    this.#catchUp();
  }

  connectionOnGap(): void {
    this.#want('missed');
    this.#catchUp();
  }

  connectionOnClosed(): void {
    const { state } = this.#connection;
    const cause = state.status === 'closed' ? state.cause : undefined;
    const { code, message } = cause ?? { code: 'CLOSED', message: 'the client was closed; the run goes on without it' };
    this.#fail(code, message, cause);
  }

  #listen(): void {
    this.#stop = this.#router.watch(this.feed.runId, this);
    const { status } = this.#connection.state;
    this.#sawReady = status === 'ready';
    this.#heardAt = Date.now();
    if (status === 'closed') this.connectionOnClosed();
    else this.#watchSilence();
  }

  #watchSilence(): void {
    const { runId } = this.feed;
    const silentMs = Date.now() - this.#heardAt;
    if (silentMs >= this.#idleTimeoutMs) {
      this.#fail('TIMEOUT', `run ${runId}: no event for ${silentMs} ms; runs.attach('${runId}') goes on with it`);
      return;
    }
    if (silentMs >= probeMs && hasLog(this.#connection)) this.connectionOnGap();
    this.#after(Math.min(probeMs, this.#idleTimeoutMs - silentMs), () => this.#watchSilence());
  }

  #apply(event: RunEvent, toolsFollow: boolean): void {
    if (!this.feed.apply(event, toolsFollow)) return;
    const { stream, data, sessionKey } = event;
    this.sessionKey ??= sessionKey;
    if (stream === 'lifecycle' && typeof data.model === 'string')
      this.#ending = { ...this.#ending, model: data.model, provider: String(data.provider) };
    const ending = eventToEnding(event);
    if (ending) this.#hearEnding('agent', ending);
  }

  #hearEnding(half: 'agent' | 'chat', ending: Partial<RunEnding>): void {
    this.#ending = { ...this.#ending, ...ending };
    this.#halves.add(half);
    this.#want('end');
    this.#catchUp();
  }

  /** The log must be read. What comes until then is held back, unless there is no log. */
  #want(why: 'end' | 'missed' | 'resumed'): void {
    if (this.#wanted === 'nothing' || why === 'resumed') this.#wanted = why;
    this.#holding = hasLog(this.#connection);
  }

  /** Reads what is wanted, one thing at a time; what is wanted meanwhile is read right after. */
  #catchUp(): void {
    const why = this.#wanted;
    if (why === 'nothing' || this.#reading || !this.#accepted || this.feed.settled || !this.#stop) return;
    this.#reading = true;
    this.#wanted = 'nothing';
    this.#read(why).then(
      () => {
        this.#reading = false;
        if (this.#wanted === 'nothing') this.#letGo();
        this.#catchUp();
      },
      (error: GatewayError) => {
        this.#reading = false;
        // A lost connection comes back, and then reads again; a slow answer is asked for again.
        if (error.code === 'TIMEOUT' || error.code === 'CONNECTION_LOST') this.#lookAgain(why);
        else this.#fail(error.code, error.message, error);
      },
    );
  }

  #letGo(): void {
    this.#holding = false;
    for (const event of this.#held.splice(0)) this.#apply(event, this.#toolsFollow);
  }

  async #read(why: 'end' | 'missed' | 'resumed'): Promise<void> {
    if (!(await keepsRunLog(this.#connection, this.#idleTimeoutMs))) return this.#readWithoutLog(why);
    const { runId, seq } = this.feed;
    if (why === 'resumed') this.feed.resume(true);
    const row = await readRunLog(this.#connection, { runId, after: seq }, (events) => {
      const toolsFollow = this.#toolsFollow || events.some(({ stream }) => stream === 'tool');
      for (const event of events) this.#apply(event, toolsFollow);
    });
    this.sessionKey ??= row.sessionKey;
    const ending = rowToEnding(row) ?? (this.#looks > maxLooks ? this.#ending : undefined);
    if (ending) this.#end(ending);
    else if (this.#halves.size > 0) this.#lookAgain('end');
  }

  async #readWithoutLog(why: 'end' | 'missed' | 'resumed'): Promise<void> {
    if (why === 'resumed' || (why === 'missed' && this.#complete)) {
      this.#complete = false;
      this.feed.resume(false);
    }
    if (why === 'end' && this.#halves.size < 2 && this.#looks <= maxLooks) return this.#lookAgain('end');
    const { runId } = this.feed;
    const ending = this.#halves.size > 0 ? this.#ending : await waitForEnding(this.#connection, runId);
    if (!ending) return this.#want('missed');
    const { sessionKey } = this;
    const reply = this.#complete || !sessionKey ? undefined : await readReply(this.#connection, { runId, sessionKey });
    this.#end({ ...this.#ending, ...ending, ...(reply !== undefined && { text: reply }) });
  }

  #lookAgain(why: 'end' | 'missed' | 'resumed'): void {
    if (why === 'end') this.#looks++;
    this.#after(lookAgainMs, () => {
      this.#want(why);
      this.#catchUp();
    });
  }

  #end(ending: Partial<RunEnding>): void {
    const { runId, text } = this.feed;
    const known = { runId, status: 'ok' as const, text: text.trim(), sessionKey: this.sessionKey };
    this.feed.end(toRunResult({ ...known, ...ending }, this.#complete));
    this.release();
  }

  #fail(code: string, message: string, cause?: GatewayError): void {
    const details = { ...cause?.details, runId: this.feed.runId, seq: this.feed.seq };
    this.feed.fail(new GatewayError(code, message, { details, retryable: cause?.retryable, cause }));
    this.release();
  }

  #after(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function hasLog({ hello }: Connection): boolean {
  return hello?.features?.capabilities?.includes('run-events') ?? false;
}
