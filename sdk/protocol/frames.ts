import type { ErrorShape } from './errors.ts';

/** A question from the client. The gateway answers every id exactly once, `agent` twice (docs/protocol.md, "Runs"). */
export interface RequestFrame {
  type: 'req';
  /** Chosen by the client, unique among its unanswered requests. */
  id: string;
  /** Wire name of the method, for example `sessions.list`. */
  method: string;
  params?: unknown;
  /** W3C trace context, at most 128 characters. */
  traceparent?: string | undefined;
  /** Refuse the request unless the caller is this profile. */
  expectedProfileId?: string | undefined;
}

/** The answer to a request. */
export interface ResponseFrame {
  type: 'res';
  id: string;
  ok: boolean;
  payload?: unknown;
  error?: ErrorShape | undefined;
}

/** How often the presence list and the health snapshot have changed since the gateway started. */
export interface StateVersion {
  presence: number;
  health: number;
}

/** Something that happened, told to every entitled connection. */
export interface EventFrame {
  type: 'event';
  /** Name of the event, for example `chat`. */
  event: string;
  payload?: unknown;
  /** Per connection, from 1, without holes; a hole means that this connection was too slow for a droppable event. */
  seq?: number | undefined;
  /** On `presence` and `health` events only. */
  stateVersion?: StateVersion | undefined;
}

export type Frame = RequestFrame | ResponseFrame | EventFrame;

const requestMembers = new Set(['type', 'id', 'method', 'params', 'traceparent', 'expectedProfileId']);

/**
 * Reads a request frame. The frame is closed: an unknown member is an error.
 * @returns the frame, or what is wrong with it and the id to answer on (`invalid` when it has none).
 */
export function parseRequestFrame(value: unknown): RequestFrame | { invalid: string; id: string } {
  if (!isRecord(value)) return { invalid: 'must be an object', id: 'invalid' };
  const { type, id, method, traceparent, expectedProfileId } = value;
  const answerId = typeof id === 'string' || typeof id === 'number' ? String(id) : 'invalid';
  const refuse = (invalid: string) => ({ invalid, id: answerId });
  if (type !== 'req') return refuse('type must be "req"');
  if (typeof id !== 'string' || id === '') return refuse('id must be a non-empty string');
  if (typeof method !== 'string' || method === '') return refuse('method must be a non-empty string');
  if (traceparent !== undefined && (typeof traceparent !== 'string' || traceparent.length > 128))
    return refuse('traceparent must be a string of at most 128 characters');
  if (expectedProfileId !== undefined && !isProfileId(expectedProfileId))
    return refuse('expectedProfileId must be a string of 1 to 128 characters');
  for (const member in value) if (!requestMembers.has(member)) return refuse(`unexpected member "${member}"`);
  return value as unknown as RequestFrame;
}

/** Narrows parsed JSON to a frame that a gateway may send. */
export function isServerFrame(value: unknown): value is ResponseFrame | EventFrame {
  if (!isRecord(value)) return false;
  if (value.type === 'res') return typeof value.id === 'string' && typeof value.ok === 'boolean';
  return value.type === 'event' && typeof value.event === 'string';
}

const isProfileId = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= 128;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
