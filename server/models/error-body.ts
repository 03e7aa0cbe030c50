/** What an error body says. */
export interface Said {
  message: string;
  /** Codes, types and statuses that the body names, joined. */
  codes: string;
  /** The error object, or undefined when the body has none. */
  raw: unknown;
}

/** Finds the words in the error bodies that providers use: OpenAI, Anthropic, Google, Ollama, FastAPI, plain text. */
export function readError(body: string): Said {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // An error page of a proxy in front of the provider is as good as it gets here.
    return {
      message: body
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
      codes: '',
      raw: undefined,
    };
  }
  const outer = member(Array.isArray(json) ? json[0] : json);
  const inner = typeof outer.error === 'object' ? member(outer.error) : outer;
  const words = [inner.message, outer.error, outer.message, outer.detail, outer.errors];
  const message = words.find((word) => typeof word === 'string' && word !== '') ?? clip(JSON.stringify(json), 300);
  const metadata = member(inner.metadata);
  const codes = [inner.code, inner.type, inner.status, outer.code, outer.type, reasonOf(inner.details)];
  return {
    message: typeof metadata.raw === 'string' ? `${message} (${metadata.raw})` : String(message),
    codes: codes.filter((code) => typeof code === 'string' || typeof code === 'number').join(' '),
    raw: inner,
  };
}

/** Milliseconds that the provider asks to wait, from the headers (RFC 9110, 10.2.3) or from Google's RetryInfo; at most a day. */
export function readRetryAfter(
  headers: Record<string, string | string[] | undefined>,
  error: unknown,
): number | undefined {
  const exact = Number(first(headers['retry-after-ms']) ?? Number.NaN);
  const plain = first(headers['retry-after']);
  const delay = member(details(error).find((detail) => 'retryDelay' in detail)).retryDelay;
  const candidates = [
    exact,
    plain === undefined ? Number.NaN : Number(plain) * 1000,
    plain === undefined ? Number.NaN : Date.parse(plain) - Date.now(),
    typeof delay === 'string' ? Number.parseFloat(delay) * 1000 : Number.NaN,
  ];
  const found = candidates.find((ms) => Number.isFinite(ms));
  return found === undefined ? undefined : Math.min(Math.max(0, Math.round(found)), 86_400_000);
}

/** What OpenAI's API says of a member that it refuses. */
export function readRefused(error: unknown): { param?: string | undefined; code?: string | undefined } {
  const { param, code } = member(error);
  return { param: toName(param), code: toName(code) };
}

/** Only what looks like a name: it goes into answers as it is. */
function toName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.[\]-]{1,100}$/.test(value) ? value : undefined;
}

/** Reasons and quota ids out of Google's `error.details`. */
function reasonOf(value: unknown): string {
  const found = details({ details: value }).flatMap((detail) => [
    detail.reason,
    ...(Array.isArray(detail.violations) ? detail.violations.map((entry) => member(entry).quotaId) : []),
  ]);
  return found.filter((entry) => typeof entry === 'string').join(' ');
}

function details(error: unknown): Record<string, unknown>[] {
  const list = member(error).details;
  return Array.isArray(list) ? list.map(member) : [];
}

function member(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Cuts a text at a length, with an ellipsis. */
export function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
