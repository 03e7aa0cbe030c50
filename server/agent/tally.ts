import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Spending } from '../usage/ledger.ts';
import { addUsage, type LoopStep, noUsage } from './loop.ts';

/** What a run takes as it goes on. */
export interface Tally {
  note(step: LoopStep): void;
  /** Tokens of all calls together; with their cost when every one has a price. */
  usage(): Usage;
  /** Tokens that the conversation fills of the model's window, by its newest call; undefined before one was counted. */
  contextTokens(): number | undefined;
  spent(): Pick<Spending, 'calls' | 'tools'> & { messages: Omit<Spending['messages'], 'user' | 'errors'> };
}

/** Adds to the tokens of a call what they cost. */
export type PriceUsage = (model: { provider: string; id: string }, usage: Usage) => Usage;

export function createTally(price: PriceUsage): Tally {
  const calls: Spending['calls'][number][] = [];
  const tools = new Map<string, number>();
  const messages = { assistant: 0, toolCalls: 0, toolResults: 0 };

  const noteCall = ({ model, usage, hasSpoken }: Extract<LoopStep, { type: 'called' }>) => {
    // Who is refused before the first word is not charged.
    if (usage.total === 0 && !hasSpoken) return;
    calls.push({ provider: model.provider, model: model.id, usage: price(model, usage), at: Date.now() });
  };

  return {
    note(step) {
      if (step.type === 'called') noteCall(step);
      if (step.type === 'message' && step.content.length > 0) messages.assistant++;
      if (step.type === 'toolEnd') messages.toolResults++;
      if (step.type !== 'toolStart' && step.type !== 'clientToolCall') return;
      messages.toolCalls++;
      tools.set(step.call.name, (tools.get(step.call.name) ?? 0) + 1);
    },
    usage: () => calls.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
    contextTokens: () => calls.findLast(({ usage }) => usage.total > 0)?.usage.total,
    spent: () => ({ calls, tools, messages }),
  };
}
