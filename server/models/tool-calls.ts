import { randomUUID } from 'node:crypto';
import { clip } from './error-body.ts';
import { type Callee, toFailure } from './failure.ts';
import type { ModelEvent, ModelFailure } from './provider.ts';

/** A tool call while its pieces arrive. */
export interface DraftCall {
  /** Place in the answer. */
  index: number;
  /** '' when the provider gives none; one is made up then. */
  id: string;
  name: string;
  /** The arguments as written so far. */
  json: string;
}

export type ToolCallEvent = Extract<ModelEvent, { type: 'toolCall' }>;

/**
 * The complete calls, or a failure when the model wrote arguments that are not a JSON object.
 * @param cut true when the answer hit its length limit: a broken call at its end is left out then.
 */
export function toToolCalls(callee: Callee, drafts: DraftCall[], cut: boolean): ToolCallEvent[] | ModelFailure {
  const events: ToolCallEvent[] = [];
  for (const draft of drafts) {
    const parsed = parseArguments(draft.json);
    if (parsed && draft.name) {
      draft.id ||= `call_${randomUUID().replaceAll('-', '')}`;
      events.push({ type: 'toolCall', id: draft.id, name: draft.name, arguments: parsed });
    } else if (!cut) {
      return toFailure(callee, 'unknown', {
        text: `called the tool "${clip(draft.name, 64)}" with arguments that are not a JSON object`,
        detail: draft.json.slice(0, 80),
        retryable: true,
      });
    }
  }
  return events;
}

/** The arguments a model wrote, or undefined when they are not a JSON object. Nothing at all means none. */
export function parseArguments(json: string): Record<string, unknown> | undefined {
  if (json.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    // `null` is what some models write for "none".
    if (value === null) return {};
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
