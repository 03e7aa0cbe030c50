import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import type { SessionRow } from '../../../sdk/protocol/session-row.ts';
import type { ModelMessage } from '../../models/provider.ts';
import type { Model } from '../../models/registry.ts';
import { defaultWindow } from './compaction.ts';
import { estimateText, estimateTokens } from './estimate.ts';

/** What is left of a window for the answer, at least: so many tokens, or a fourth of it. */
const answerTokens = 16_384;

/** What a run is about to send. */
export interface Load {
  model: Model | undefined;
  session: SessionRow | undefined;
  /** Rows that the model reads, without those of the run itself. */
  past: readonly ChatMessage[];
  /** Rows of the run itself. */
  own: readonly ChatMessage[];
  summary: string | undefined;
  system: string;
  /** Declarations of tools. */
  tools: readonly unknown[];
}

/** True when a conversation is about to outgrow its model's window: by the provider's newest count, or else by an estimate. */
export function isFull({ model, session, past, own, summary = '', system, tools }: Load): boolean {
  const window = model?.contextWindow ?? defaultWindow;
  const added = estimateTokens(own);
  const estimate =
    estimateTokens(past) + estimateText(summary) + estimateText(system) + estimateText(JSON.stringify(tools));
  const counted = session?.totalTokensFresh ? session.totalTokens : 0;
  return Math.max(estimate, counted) + added > window - Math.min(answerTokens, Math.floor(window / 4));
}

/** The conversation with a summary before it, as one message with the first of the user. */
export function withSummary(messages: readonly ModelMessage[], summary: string | undefined): ModelMessage[] {
  if (summary === undefined) return [...messages];
  const text = `(The conversation up to here, in short; you wrote this summary yourself.)\n\n${summary}`;
  const part = { type: 'text' as const, text };
  const [first, ...rest] = messages;
  if (first?.role === 'user') return [{ role: 'user', content: [part, ...first.content] }, ...rest];
  return [{ role: 'user', content: [part] }, ...messages];
}
