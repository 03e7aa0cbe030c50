import { isGatewayError } from '../../sdk/protocol/errors.ts';

/** What hides secrets in a text. */
export type Redact = (text: string) => string;

/** An answer with its secrets masked; the same object when it holds none. */
export function redactAnswer<T>(answer: T, redact: Redact): T {
  return clean(answer, redact) as T;
}

/** Masks the secrets in what an error says, in place, so that it keeps its stack and its causes. */
export function redactError(error: unknown, redact: Redact): unknown {
  if (!(error instanceof Error)) return error;
  const message = redact(error.message);
  if (message !== error.message) Object.defineProperty(error, 'message', { value: message });
  if (!isGatewayError(error)) return error;
  const details = clean(error.details, redact);
  if (details !== error.details) Object.defineProperty(error, 'details', { value: details });
  return error;
}

// --- internal ---

/** No answer is deeper. */
const maxDepth = 100;

function clean(value: unknown, redact: Redact, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => clean(item, redact, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const before = Object.entries(value);
  const members = before.map(([name, member]) => [redact(name), clean(member, redact, depth + 1)] as const);
  const isSame = members.every(([name, member], index) => name === before[index]?.[0] && member === before[index][1]);
  return isSame ? value : Object.fromEntries(members);
}
