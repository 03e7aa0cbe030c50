import { methods } from '../../sdk/protocol/contract.ts';
import { errorCodes } from '../../sdk/protocol/errors.ts';
import type { RunObserver } from '../agent/observer.ts';
import type { AnsweredRequest } from '../http/route.ts';
import type { Family } from './families.ts';
import { createCounts, createDurations } from './tally.ts';

/** A method of the contract that was answered. */
export interface AnsweredCall {
  transport: 'socket' | 'rpc';
  method: string;
  /** `ok`, or the code of the error. */
  outcome: string;
  /** Absent when it was refused before anything was done. */
  ms?: number | undefined;
}

/** What is counted when it is over, rather than read when somebody asks. Contract: nothing here throws. */
export interface Meters {
  /** Told by the runs. */
  runs: RunObserver;
  answeredCall(call: AnsweredCall): void;
  answeredRequest(request: AnsweredRequest): void;
  families: readonly Family[];
}

/** Seconds: answers of the gateway itself, and work that a model does. */
const shortBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const longBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const firstBounds = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60];

export function createMeters(): Meters {
  const calls = createCalls();
  const requests = createRequests();
  const runs = createRunMeters();
  return {
    runs: runs.observer,
    answeredCall: calls.answered,
    answeredRequest: requests.answered,
    families: [...calls.families, ...requests.families, ...runs.families],
  };
}

// --- internal ---

function createCalls() {
  const counts = createCounts(['transport', 'method', 'outcome']);
  const durations = createDurations('openclaw_request_duration_seconds', ['transport', 'method'], shortBounds);
  return {
    answered({ transport, method, outcome, ms }: AnsweredCall) {
      // Callers can ask for any name; only those of the contract are worth a line each.
      const known = methods.has(method) ? method : 'other';
      counts.add([transport, known, outcome === 'ok' || Object.hasOwn(errorCodes, outcome) ? outcome : 'other']);
      if (ms !== undefined) durations.observe([transport, known], ms / 1000);
    },
    families: [
      toFamily('openclaw_requests_total', 'Methods answered, over sockets and over /rpc.', counts),
      toHistogram('openclaw_request_duration_seconds', 'Time from a request to its first answer.', durations),
    ],
  };
}

const verbs = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']);

function createRequests() {
  const counts = createCounts(['route', 'method', 'status']);
  const durations = createDurations(
    'openclaw_http_request_duration_seconds',
    ['route'],
    [...shortBounds, 120, 300, 600],
  );
  return {
    answered({ route, method, status, ms }: AnsweredRequest) {
      counts.add([route, verbs.has(method) ? method : 'other', String(status)]);
      durations.observe([route], ms / 1000);
    },
    families: [
      toFamily('openclaw_http_requests_total', 'HTTP requests; 499 are those whose caller went away.', counts),
      toHistogram(
        'openclaw_http_request_duration_seconds',
        'Time to the end of the answer, streams included.',
        durations,
      ),
    ],
  };
}

function createRunMeters() {
  const ended = createCounts(['agent', 'status']);
  const durations = createDurations('openclaw_run_duration_seconds', ['agent'], longBounds);
  const tokens = createCounts(['agent', 'model', 'kind']);
  const firstTokens = createDurations('openclaw_first_token_seconds', ['model'], firstBounds);
  const failures = createCounts(['provider', 'kind']);
  const fallbacks = createCounts(['provider', 'kind']);

  const observer: RunObserver = {
    runEnded({ agentId, status, ms }) {
      ended.add([agentId, status]);
      durations.observe([agentId], ms / 1000);
    },
    called(agentId, { provider, model, usage }) {
      for (const kind of ['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning'] as const) {
        const count = usage[kind];
        if (count) tokens.add([agentId, `${provider}/${model}`, kind], count);
      }
    },
    firstToken: ({ provider, id }, ms) => firstTokens.observe([`${provider}/${id}`], ms / 1000),
    failed: ({ provider, kind }) => failures.add([provider, kind]),
    fellBack: ({ provider, kind }) => fallbacks.add([provider, kind]),
  };
  return {
    observer,
    families: [
      toFamily('openclaw_runs_total', 'Runs that have ended, chat commands aside.', ended),
      toHistogram('openclaw_run_duration_seconds', 'Time from the beginning of a run to its end.', durations),
      toFamily('openclaw_tokens_total', 'Tokens that providers have counted; reasoning is part of output.', tokens),
      toHistogram('openclaw_first_token_seconds', 'Time from a call of a model to its first token.', firstTokens),
      toFamily('openclaw_provider_failures_total', 'Calls of models that failed, after all retries.', failures),
      toFamily('openclaw_provider_fallbacks_total', 'Failures after which another model was tried.', fallbacks),
    ],
  };
}

type Samples = Pick<Family, 'samples'>;

function toFamily(name: string, help: string, { samples }: Samples): Family {
  return { name, help, type: 'counter', samples };
}

function toHistogram(name: string, help: string, { samples }: Samples): Family {
  return { name, help, type: 'histogram', samples };
}
