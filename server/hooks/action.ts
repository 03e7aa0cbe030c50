import { z } from 'zod';
import { markUntrusted } from '../agent/untrusted.ts';
import type { WakeMode } from './settings.ts';

/** What a hook wants done. */
export type HookAction = WakeAction | RunAction;

/** Tells a conversation of something. */
export interface WakeAction {
  kind: 'wake';
  /** As the model reads it. */
  text: string;
  mode: WakeMode;
  agentId: string | undefined;
  sessionKey: string | undefined;
  /** True when whoever sent the request had a say in the key. */
  isKeySent: boolean;
}

/** Starts a run. */
export interface RunAction {
  kind: 'agent';
  /** As the model reads it. */
  message: string;
  /** One line, for people. */
  name: string;
  agentId: string | undefined;
  sessionKey: string | undefined;
  isKeySent: boolean;
  isPersistent: boolean;
  /** Whether the main conversation is told how the run ended well. */
  deliver: boolean;
  /** True when being told is to start a run there. */
  wakes: boolean;
  model: string | undefined;
  thinking: string | undefined;
  timeoutMs: number | undefined;
}

const text = z.string().refine((value) => value.trim() !== '', 'expected a text that is not empty');
const name = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

/** What `POST <path>/wake` takes. */
export const WakeBody = z.object({
  text,
  mode: z.enum(['now', 'next-heartbeat']).nullish(),
  agentId: name,
  sessionKey: name,
});

/** What `POST <path>/agent` takes. */
export const AgentBody = z.object({
  message: text,
  name,
  agentId: name,
  sessionKey: name,
  sessionMode: z.enum(['isolated', 'persistent']).nullish(),
  wakeMode: z.enum(['now', 'next-heartbeat']).nullish(),
  deliver: z.boolean().nullish(),
  channel: name,
  to: name,
  accountId: name,
  model: name,
  thinking: name,
  // What is no positive number is no wish, as in the published product.
  timeoutSeconds: z.unknown().optional(),
  idempotencyKey: z.unknown().optional(),
  waitForCompletion: z.boolean().nullish(),
});

/** A system event in the words of whoever sent it. */
export function toWakeAction(body: z.output<typeof WakeBody>): WakeAction {
  const { agentId, sessionKey, mode } = body;
  const marked = markUntrusted(body.text, { source: 'hook wake' });
  return { kind: 'wake', text: toEvent(marked), mode: mode ?? 'now', agentId, sessionKey, isKeySent: true };
}

/** A run on the words of whoever sent it. */
export function toRunAction(body: z.output<typeof AgentBody>): RunAction {
  const { message, agentId, sessionKey, model, thinking, deliver, wakeMode } = body;
  const label = toLabel(body.name);
  const marked = markUntrusted(message, { source: `hook ${label}` });
  return {
    kind: 'agent',
    message: `${preface}\n\n${marked}`,
    name: label,
    agentId,
    sessionKey,
    isKeySent: true,
    isPersistent: body.sessionMode === 'persistent',
    deliver: deliver ?? true,
    wakes: wakeMode === 'now',
    model,
    thinking,
    timeoutMs: toTimeoutMs(body.timeoutSeconds),
  };
}

/** What a model is told of something that happened. */
export function toEvent(what: string): string {
  return `System event, from a webhook:\n${what}`;
}

/** A name for people: one line, not too long. */
export function toLabel(wanted: string | undefined): string {
  const line = (wanted ?? '').replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return line.slice(0, maxLabelChars).toWellFormed() || 'Hook';
}

/** Milliseconds; undefined for what is no positive number of whole seconds. */
export function toTimeoutMs(seconds: unknown): number | undefined {
  const whole = typeof seconds === 'number' && Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  return whole > 0 ? whole * 1000 : undefined;
}

// --- internal ---

const maxLabelChars = 100;
const preface =
  'A webhook has sent the message below. Deal with it as your own instructions say. Where they say nothing of it, ' +
  'help with what it asks for as long as that does no harm.';
