import type { Dialect } from './dialects.ts';
import { die, json, pieces, type Respond, stall, type startUpstream } from './upstream.ts';

/*
 * Each way in which a provider fails, in the words of each API (test/dialects.ts). `before` the first token the caller gets a
 * status; `after` it an error event. What merely looks like a failure (`none`) is a good answer.
 */

export interface Failing {
  name: string;
  when: 'before' | 'after' | 'none';
  /** Status and code of the answer of the gateway over HTTP. */
  status: number;
  code: string | null;
  /** True when the same call may succeed a moment later: it is tried three times before the first token. */
  isPassing: boolean;
  respond(dialect: Dialect): Respond;
}

/** A provider's refusal with that status, in the shape of its API. */
export function refusal(dialect: Dialect, status: number, message: string, code?: string): unknown {
  switch (dialect.api) {
    case 'anthropic-messages':
      return { type: 'error', error: { type: code ?? anthropicTypes[status] ?? 'invalid_request_error', message } };
    case 'google-generative-ai':
      return { error: { code: status, message, status: code ?? googleStatuses[status] ?? 'UNKNOWN' } };
    case 'ollama':
      return { error: message };
    default:
      return { error: { message, type: 'error', code: code ?? null, param: null } };
  }
}

/** Every failure that is an answer with an error status. */
const refusals: readonly Failing[] = [
  refusing(400, { status: 400, code: null }),
  refusing(401, { status: 502, code: 'provider_auth' }),
  refusing(403, { status: 502, code: 'provider_auth' }),
  refusing(404, { status: 400, code: 'model_not_found' }),
  refusing(413, { status: 400, code: null }),
  refusing(422, { status: 400, code: null }),
  refusing(429, { status: 429, code: 'rate_limit_exceeded' }),
  {
    ...refusing(429, { status: 429, code: 'rate_limit_exceeded' }),
    name: 'refuses with 429 and says when to come back',
    isPassing: false,
    respond: (dialect) => json(429, refusal(dialect, 429, 'slow down'), { 'retry-after': '40' }),
  },
  {
    ...refusing(429, { status: 429, code: 'insufficient_quota' }),
    name: 'refuses with 429 because the account is empty',
    isPassing: false,
    respond: (dialect) => json(429, refusal(dialect, 429, 'insufficient quota: add credits', 'insufficient_quota')),
  },
  ...[500, 502, 503, 529].map((status) => refusing(status, { status: 502, code: null })),
];

/** Characters of a line that no reader waits for the end of. */
const hugeChars = 20 * 1024 * 1024;

const broken: readonly Failing[] = [
  {
    ...passing('closes the connection before it answers'),
    respond: () => (_request, res) => void res.socket?.resetAndDestroy(),
  },
  {
    ...final('stalls before the first byte', 504),
    respond: () => () => undefined,
  },
  {
    ...final('stalls behind the head', 504),
    respond: ({ type }) => stall(type, []),
  },
  {
    ...later('stalls in the middle'),
    respond: (dialect) => stall(dialect.type, begun(dialect)),
  },
  {
    ...later('cuts the connection in the middle'),
    respond: (dialect) => die(dialect.type, begun(dialect)),
  },
  {
    ...later('ends without a finish'),
    respond: (dialect) => pieces(dialect.type, begun(dialect)),
  },
  {
    ...later('stops in the middle of a character'),
    respond: (dialect) => die(dialect.type, [...begun(dialect), halfCharacter(dialect)]),
  },
  {
    ...later('breaks its JSON in the middle'),
    respond: (dialect) => pieces(dialect.type, [...begun(dialect), garbled(dialect)]),
  },
  {
    ...later('reports an error in the middle'),
    respond: (dialect) => pieces(dialect.type, dialect.broken),
  },
  {
    ...later('sends an endless line in the middle'),
    respond: (dialect) => pieces(dialect.type, [...begun(dialect), 'data: "', ...hugePieces()]),
  },
  {
    ...passing('sends an empty answer'),
    respond: (dialect) => pieces(dialect.type, []),
  },
  {
    ...passing('sends broken JSON at once'),
    respond: (dialect) => pieces(dialect.type, [garbled(dialect)]),
  },
  {
    ...passing('sends an error in a good answer'),
    respond: (dialect) => pieces(dialect.type, failedStream(dialect)),
  },
  {
    ...passing('sends JSON of another kind'),
    respond: () => json(200, { hello: 'world' }),
  },
  {
    ...final('sends a web page', 502),
    respond: () => pieces('text/html', ['<!doctype html><html><body>Welcome</body></html>']),
  },
  {
    ...sound('cuts characters between two pieces'),
    respond: (dialect) => pieces(dialect.type, bytesOf(dialect)),
  },
  {
    ...sound('names another content type'),
    respond: (dialect) => pieces('text/plain', dialect.text),
  },
];

/** Every failure in which there is a connection; `refusedAddress` is the one without. */
export const failings: readonly Failing[] = [...refusals, ...broken];

/** An address at which nothing listens any more. */
export async function refusedAddress(open: typeof startUpstream): Promise<string> {
  const upstream = await open();
  await upstream[Symbol.asyncDispose]();
  return upstream.url;
}

/** An answer that does not end: text until the caller hangs up. */
export function endless(dialect: Dialect): Respond {
  const before = dialect.text.slice(0, dialect.begun - 1);
  const word = (dialect.text[dialect.begun - 1] ?? '').replace('Hello', 'Hello '.repeat(2000));
  return async ({ hungUp }, res) => {
    let isOver = false;
    void hungUp.then(() => {
      isOver = true;
    });
    res.writeHead(200, { 'content-type': dialect.type });
    res.write(before.join(''));
    const burst = word.repeat(4);
    while (!isOver) {
      if (!res.write(burst)) await new Promise<void>((resolve) => res.once('drain', resolve).once('close', resolve));
      await new Promise(setImmediate);
    }
  };
}

// --- internal ---

const anthropicTypes: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

const googleStatuses: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

function refusing(status: number, answer: { status: number; code: string | null }): Failing {
  return {
    name: `refuses with ${status}`,
    when: 'before',
    ...answer,
    isPassing: status === 429 || status >= 500,
    respond: (dialect) => json(status, refusal(dialect, status, `no, says the provider with ${status}`)),
  };
}

type Marks = Omit<Failing, 'respond'>;

function passing(name: string): Marks {
  return { name, when: 'before', status: 502, code: null, isPassing: true };
}

function final(name: string, status: number): Marks {
  return { ...passing(name), status, isPassing: false };
}

function later(name: string): Marks {
  return { ...passing(name), when: 'after', isPassing: false };
}

function sound(name: string): Marks {
  return { ...passing(name), when: 'none', status: 200, isPassing: false };
}

const begun = ({ text, begun: count }: Dialect) => text.slice(0, count);

const garbled = ({ type }: Dialect) => (type === 'text/event-stream' ? 'data: {"half": \n\n' : '{"half": \n');

/** The next text, cut behind the second of the four bytes of its last character. */
function halfCharacter({ text, begun: count }: Dialect): Uint8Array {
  const piece = Buffer.from((text[count] ?? '').replace(' world', ' 🦞'));
  return piece.subarray(0, piece.indexOf('🦞') + 2);
}

/** The error of `broken` without what came before it. */
const failedStream = (dialect: Dialect) => dialect.broken.filter((piece) => !piece.includes('Hello'));

function* toBytes(text: string): Generator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte);
}

const bytesOf = ({ text }: Dialect) => [...toBytes(text.join('').replace('world', 'wörld 🦞'))];

function hugePieces(): string[] {
  const piece = 'x'.repeat(1024 * 1024);
  return Array.from({ length: hugeChars / piece.length }, () => piece);
}
