import type { Usage } from '../../sdk/protocol/usage.ts';
import type { ModelCost } from '../config/provider-config.ts';
import type { Database } from '../database/database.ts';
import { toCost } from './price.ts';

/*
 * Every model call is added to sums that grow with time and not with calls:
 *
 *   scope `agent:<id>`:    one row a UTC day, and one a quarter of an hour (days of every time zone are made of those)
 *   scope `session:<id>`:  one row a quarter of an hour, for conversations that have a name
 */

/** One model call that has ended. */
export interface SpentCall {
  provider: string;
  model: string;
  usage: Usage;
  /** Milliseconds since the epoch. */
  at: number;
}

/** What a run, or anything else that asked a model, has taken. */
export interface Spending {
  agentId: string;
  sessionKey: string;
  sessionId: string;
  /** True for a conversation that nobody named: it counts for its agent only. */
  transient: boolean;
  calls: readonly SpentCall[];
  /** Rows of the transcript. */
  messages: MessageCounts;
  /** Calls by name of the tool. */
  tools: ReadonlyMap<string, number>;
  /** Milliseconds from the question to the end of the answer; undefined when nobody asked. */
  latencyMs?: number | undefined;
  /** Milliseconds since the epoch. */
  endedAt: number;
}

export interface MessageCounts {
  user: number;
  assistant: number;
  toolCalls: number;
  toolResults: number;
  errors: number;
}

/** The book of what models have taken. */
export interface Ledger {
  /**
   * Adds what was spent; prices are those of now.
   * Contract: called inside `database.write`, together with what it belongs to, so that neither is on disk without the other.
   */
  record(spending: Spending): void;
  /** The tokens of a call together with what they cost, where the model has a price. */
  price(model: { provider: string; id: string }, usage: Usage): Usage;
  /** Forgets single conversations in which nothing happened for two years, some at a time; sums by agent stay. */
  prune(): number;
}

export interface LedgerOptions {
  database: Database;
  /** The price of a model as the configuration has it. */
  priceOf(provider: string, model: string): ModelCost | undefined;
}

/** Seconds of a day and of a quarter of an hour: the two lengths of a slot. */
export const daySeconds = 86_400;
export const quarterSeconds = 900;

/** Latencies are kept in steps of a tenth of their size. */
const latencyBase = 1.1;
const maxToolName = 64;
const sessionLifeMs = 2 * 365 * 24 * 60 * 60 * 1000;
const pruneBatch = 100;

/**
 * `priced`: its cost is known. `unpriced`: the model had no price then. `uncounted`: the provider told no tokens, so that no
 * price could help.
 */
export type PriceState = 'priced' | 'unpriced' | 'uncounted';

export function createLedger({ database, priceOf }: LedgerOptions): Ledger {
  const add = prepareAdditions(database);

  const addTo = (scope: string, unit: number, spending: Spending) => {
    const { calls, messages, tools, latencyMs, endedAt } = spending;
    const slot = toSlot(endedAt, unit);
    for (const call of calls) add.tokens(scope, unit, call, priceOf(call.provider, call.model));
    add.activity({ scope, unit, slot }, messages);
    for (const [tool, count] of tools) add.tool.run(scope, unit, slot, tool.slice(0, maxToolName), count);
    if (latencyMs !== undefined)
      add.latency.run(scope, unit, slot, toLatencyStep(latencyMs), latencyMs, latencyMs, latencyMs);
  };

  const expired = database.prepare('SELECT session_id FROM usage_sessions WHERE last_at < ? ORDER BY last_at LIMIT ?');
  const tables = ['usage_tokens', 'usage_activity', 'usage_tools', 'usage_latency'];
  const forget = tables.map((table) => database.prepare(`DELETE FROM ${table} WHERE scope = ?`));
  const forgetSession = database.prepare('DELETE FROM usage_sessions WHERE session_id = ?');

  return {
    price({ provider, id }, usage) {
      const cost = toCost(usage, priceOf(provider, id));
      return { ...usage, totalTokens: usage.total, ...(cost && { cost }) };
    },
    prune() {
      const ids = expired.all(Date.now() - sessionLifeMs, pruneBatch).map((row) => String(row.session_id));
      database.write(() => {
        for (const id of ids) {
          for (const statement of forget) statement.run(sessionScope(id));
          forgetSession.run(id);
        }
      });
      return ids.length;
    },
    record(spending) {
      const { agentId, sessionId, sessionKey, transient, endedAt } = spending;
      addTo(agentScope(agentId), daySeconds, spending);
      addTo(agentScope(agentId), quarterSeconds, spending);
      if (transient) return;
      addTo(sessionScope(sessionId), quarterSeconds, spending);
      const firstAt = Math.min(endedAt, ...spending.calls.map((call) => call.at));
      add.session.run(sessionId, sessionKey, agentId, firstAt, endedAt);
    },
  };
}

export const agentScope = (agentId: string) => `agent:${agentId}`;
export const sessionScope = (sessionId: string) => `session:${sessionId}`;

/** The beginning of the slot that a moment lies in, in seconds since the epoch. */
function toSlot(atMs: number, unit: number): number {
  return Math.floor(atMs / 1000 / unit) * unit;
}

function toLatencyStep(ms: number): number {
  return Math.ceil(Math.log(Math.max(1, ms)) / Math.log(latencyBase));
}

/** The longest latency of a step, in milliseconds. */
export function fromLatencyStep(step: number): number {
  return latencyBase ** step;
}

function prepareAdditions(database: Database) {
  const tokens = database.prepare(
    `INSERT INTO usage_tokens VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET calls = calls + 1, input = input + excluded.input, output = output + excluded.output,
     cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write,
     reasoning = reasoning + excluded.reasoning, input_cost = input_cost + excluded.input_cost,
     output_cost = output_cost + excluded.output_cost, cache_read_cost = cache_read_cost + excluded.cache_read_cost,
     cache_write_cost = cache_write_cost + excluded.cache_write_cost`,
  );
  const activity = database.prepare(
    `INSERT INTO usage_activity VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET user_rows = user_rows + excluded.user_rows,
     assistant_rows = assistant_rows + excluded.assistant_rows, tool_calls = tool_calls + excluded.tool_calls,
     tool_results = tool_results + excluded.tool_results, errors = errors + excluded.errors`,
  );
  return {
    tokens(scope: string, unit: number, { provider, model, usage, at }: SpentCall, price: ModelCost | undefined) {
      const cost = usage.total > 0 ? toCost(usage, price) : undefined;
      const state: PriceState = cost ? 'priced' : usage.total > 0 ? 'unpriced' : 'uncounted';
      const { input, output, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage;
      const costs = cost ? [cost.input, cost.output, cost.cacheRead, cost.cacheWrite] : [0, 0, 0, 0];
      const slot = toSlot(at, unit);
      const counts = [input, output, cacheRead, cacheWrite, reasoning];
      tokens.run(scope, unit, slot, provider, model, state, ...counts, ...costs);
    },
    activity({ scope, unit, slot }: { scope: string; unit: number; slot: number }, messages: MessageCounts) {
      const { user, assistant, toolCalls, toolResults, errors } = messages;
      activity.run(scope, unit, slot, user, assistant, toolCalls, toolResults, errors);
    },
    tool: database.prepare(
      'INSERT INTO usage_tools VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls',
    ),
    latency: database.prepare(
      `INSERT INTO usage_latency VALUES (?, ?, ?, ?, 1, ?, ?, ?)
       ON CONFLICT DO UPDATE SET runs = runs + 1, sum_ms = sum_ms + excluded.sum_ms,
       min_ms = min(min_ms, excluded.min_ms), max_ms = max(max_ms, excluded.max_ms)`,
    ),
    session: database.prepare(
      `INSERT INTO usage_sessions VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
    ),
  };
}
