import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import type { Log } from '../../log/log.ts';
import type { Tool, ToolCaller } from './tool.ts';

/** A call of one tool by a client. */
export interface ToolInvocation {
  name: string;
  args: Record<string, unknown>;
  caller: ToolCaller;
  /** The same key again answers what it answered, for five minutes. */
  idempotencyKey?: string | undefined;
}

/** What came of a call. */
export type ToolOutcome =
  | { ok: true; toolName: string; output: unknown }
  | { ok: false; toolName: string; error: { code: ToolErrorCode; message: string } };

/**
 * `not_found`: no such tool. `validation_error`: the arguments are wrong. `forbidden`: policy keeps the tool from this caller,
 * or the tool refuses what was asked. `unavailable`: it may work later. `timeout`, `aborted`: it did not come to its end. `internal_error`: the
 * log says why.
 */
export type ToolErrorCode =
  | 'not_found'
  | 'validation_error'
  | 'forbidden'
  | 'unavailable'
  | 'timeout'
  | 'aborted'
  | 'internal_error';

/** Milliseconds that a call may take. */
const maxCallMs = 120_000;
/** Milliseconds for which an answer is kept under its idempotency key; and how many are, and of how many characters in all. */
const replayMs = 300_000;
const maxReplays = 1000;
const maxReplayChars = 32 * 1024 * 1024;

/** Runs tools within a limit, and remembers what was answered to which key. */
export function createInvocations(log: Log) {
  const replays = new Map<string, Replay>();

  /** Contract: never rejects. */
  const execute = async (tool: Tool, { args, caller }: Work, signal: AbortSignal | undefined): Promise<ToolOutcome> => {
    const input = tool.input.safeParse(args);
    if (!input.success) return fail(tool, 'validation_error', toArgumentFaults(input.error));
    const limit = limitCall(signal);
    try {
      // A tool that does not listen to its signal must not keep its caller waiting.
      const output = await Promise.race([tool.execute(input.data, caller, limit.signal), limit.over]);
      return { ok: true, toolName: tool.name, output: output ?? null };
    } catch (error) {
      if (limit.signal.aborted) return fail(tool, limit.reason(), `${tool.name} did not come to its end`);
      // A tool's fault is told to the caller, who can do something about it.
      const known = findGatewayError(error);
      if (known) return fail(tool, codes[known.code] ?? 'internal_error', known.message);
      log.error(`tool ${tool.name} failed`, { error: error instanceof Error ? error.stack : String(error) });
      return fail(tool, 'internal_error', `${tool.name} failed inside the gateway; its log says why`);
    } finally {
      limit.close();
    }
  };

  /** Forgets what is old, and the oldest when there is too much. */
  const makeRoom = (): void => {
    let chars = [...replays.values()].reduce((sum, replay) => sum + replay.chars, 0);
    for (const [key, replay] of replays) {
      if (isFresh(replay) && replays.size < maxReplays && chars < maxReplayChars) return;
      chars -= replay.chars;
      replays.delete(key);
    }
  };

  return {
    execute,
    /** As `execute`; a call with an idempotency key is made once. */
    async invoke(tool: Tool, work: ToolInvocation, signal: AbortSignal | undefined): Promise<ToolOutcome> {
      const { idempotencyKey: key } = work;
      if (key === undefined) return execute(tool, work, signal);
      const subject = toSubject(tool, work);
      const known = replays.get(key);
      if (known && isFresh(known)) {
        if (known.subject === subject) return known.outcome;
        return fail(tool, 'validation_error', 'the idempotency key was used for another call: use a new one');
      }
      replays.delete(key);
      makeRoom();
      // Whoever asks again after a lost connection wants the answer: the call does not end with its caller.
      const outcome = execute(tool, work, undefined);
      const replay: Replay = { subject, outcome, at: Date.now(), chars: 0 };
      replays.set(key, replay);
      const answer = await outcome;
      replay.chars = JSON.stringify(answer).length;
      return answer;
    },
  };
}

// --- internal ---

type Work = Pick<ToolInvocation, 'args' | 'caller'>;

interface Replay {
  /** Digest of what the key was used for. */
  subject: string;
  outcome: Promise<ToolOutcome>;
  /** Milliseconds since the epoch. */
  at: number;
  chars: number;
}

const isFresh = ({ at }: Replay) => at > Date.now() - replayMs;

const codes: Readonly<Record<string, ToolErrorCode>> = {
  INVALID_REQUEST: 'validation_error',
  FORBIDDEN: 'forbidden',
  UNAVAILABLE: 'unavailable',
};

function fail({ name }: Tool, code: ToolErrorCode, message: string): ToolOutcome {
  return { ok: false, toolName: name, error: { code, message } };
}

/** Faults that one answer names. */
const maxFaults = 5;

/** Every wrong argument by its name, with what was expected. */
function toArgumentFaults({ issues }: z.ZodError): string {
  const faults = issues.slice(0, maxFaults).map(({ path, message }) => {
    const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
    const text = message.charAt(0).toLowerCase() + message.slice(1);
    return place ? `${place.replace(/^\./, '')}: ${text}` : text;
  });
  const more = issues.length > maxFaults ? `; and ${issues.length - maxFaults} more` : '';
  return `invalid arguments: ${faults.join('; ')}${more}`;
}

function toSubject({ name }: Tool, { caller, args }: Work): string {
  return createHash('sha256')
    .update(JSON.stringify([name, caller.agentId, caller.sessionKey, args]))
    .digest('hex');
}

/** A signal that fires with the caller's, or when the time is up. */
function limitCall(signal: AbortSignal | undefined) {
  const limit = new AbortController();
  const over = Promise.withResolvers<never>();
  // It is raced against the call, which may be over before.
  over.promise.catch(() => undefined);
  const end = (reason: 'aborted' | 'timeout') => {
    limit.abort(reason);
    over.reject(limit.signal.reason);
  };
  const onAbort = () => end('aborted');
  const timer = setTimeout(() => end('timeout'), maxCallMs);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) end('aborted');
  return {
    signal: limit.signal,
    over: over.promise,
    reason: () => limit.signal.reason as 'aborted' | 'timeout',
    close() {
      clearTimeout(timer);
      // The signal of a connection outlives many calls.
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
