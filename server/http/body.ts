import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { refuse } from './failure.ts';
import { inviteBody } from './unread-body.ts';

export interface BodyLimits {
  maxBytes: number;
  /** Milliseconds without a byte before the request is given up. */
  idleMs: number;
}

/**
 * Reads a JSON body and checks it against a schema. What it says of its type does not matter as long as it is JSON: many
 * clients send theirs as text or as a form.
 * @throws GatewayError that leaves as 400 with `param`, 408, 413 or 415.
 */
export async function readJson<S extends z.ZodType>(
  req: IncomingMessage,
  schema: S,
  limits: BodyLimits,
): Promise<z.output<S>> {
  const type = req.headers['content-type'] ?? '';
  if (/^multipart\//i.test(type)) throw wrongType(type);
  return checkBody(parseJson(await readText(req, limits), type), schema);
}

/** Checks a body that was read. @throws GatewayError that leaves as 400 with `param`. */
export function checkBody<S extends z.ZodType>(body: unknown, schema: S): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw toRefusal(parsed.error);
}

/** Reads a body as text, within the limits. @throws GatewayError that leaves as 400, 408, 413 or 415. */
export async function readText(req: IncomingMessage, limits: BodyLimits): Promise<string> {
  return toText(await readRaw(req, limits));
}

/** Reads a body as it came, within the limits. @throws GatewayError that leaves as 408, 413 or 415. */
export async function readRaw(req: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const coding = req.headers['content-encoding'];
  if (coding !== undefined && !/^(identity)?$/i.test(coding.trim())) throw wrongCoding(coding);
  checkContentLength(req, limits.maxBytes);
  return readBytes(req, limits);
}

/** @throws GatewayError that leaves as 400 for bytes that are no UTF-8. */
export function toText(bytes: Buffer): string {
  // Decoded all the same, every character that cannot be read would silently be another one.
  if (!isUtf8(bytes)) throw refuse(400, 'the body is not UTF-8 text: send it as UTF-8, and not compressed');
  return bytes.toString();
}

function readBytes(req: IncomingMessage, { maxBytes, idleMs }: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const idle = setTimeout(() => settle(refuse(408, `no byte of the body arrived for ${idleMs} ms`, closing)), idleMs);
    const settle = (error?: GatewayError): void => {
      clearTimeout(idle);
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (error) reject(error);
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size));
    };
    const onData = (chunk: Buffer): void => {
      idle.refresh();
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) settle(tooLarge(maxBytes));
    };
    const onEnd = (): void => settle();
    const onClose = (): void => settle(new GatewayError('CANCELLED', 'the caller went away while sending the body'));
    if (req.destroyed) return onClose();
    inviteBody(req);
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Refuses by the announced length alone, before a byte is read. */
export function checkContentLength(req: IncomingMessage, maxBytes: number): void {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

// The rest of such a body is of no use to anybody, so the connection ends with the answer.
const closing = { headers: { connection: 'close' } };

function tooLarge(maxBytes: number): GatewayError {
  return refuse(413, `the body is larger than ${maxBytes} bytes`);
}

function wrongType(type: string): GatewayError {
  return refuse(415, `the body is "${type}", and must be JSON: send it with content-type application/json`);
}

function wrongCoding(coding: string): GatewayError {
  const headers = { 'accept-encoding': 'identity' };
  return refuse(415, `the body has the content-encoding "${coding}": send it uncompressed`, { headers });
}

/** @throws GatewayError that leaves as 400, or 415 for another type. */
export function parseJson(text: string, type: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text && type && !/^(application\/(.+\+)?json|text\/plain)\b/i.test(type)) throw wrongType(type);
    // V8's own message quotes the body, which does not belong in a log.
    const place = /at position \d+/.exec(String(cause))?.[0] ?? (text ? 'from the start' : 'because it is empty');
    throw refuse(400, `the body is not valid JSON, ${place}`, { cause });
  }
}

type Issue = z.core.$ZodIssue;

function toRefusal(error: z.ZodError): GatewayError {
  const issue = deepest(error.issues[0] as Issue);
  const param = toParam(issue.path) || null;
  const code = issue.code === 'custom' ? ((issue.params?.code as string | undefined) ?? null) : null;
  return refuse(400, `${param ? `${param}: ` : ''}${toMessage(issue)}`, { param, code });
}

/** Of a value that fits no branch of a union, the branch that got furthest tells best what is wrong. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.map((branch) => branch[0]).filter((first) => first !== undefined);
  const furthest = inner.map(deepest).sort((a, b) => reach(b) - reach(a))[0];
  return furthest && reach(furthest) > 0 ? { ...furthest, path: [...issue.path, ...furthest.path] } : issue;
}

/** A value of the right type got further than one of a wrong type. */
const reach = ({ code, path }: Issue) =>
  path.length * 2 + (code === 'invalid_type' || code === 'invalid_value' ? 0 : 1);

function toMessage(issue: Issue): string {
  if (issue.code !== 'invalid_union') return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : undefined;
  if (options) return `expected one of ${options.filter((option) => typeof option === 'string').join(', ')}`;
  const expected = issue.errors.flatMap(([first]) => {
    if (first?.code === 'invalid_value') return [first.values.join(', ')];
    return first?.code === 'invalid_type' ? [first.expected] : [];
  });
  return expected.length > 0 ? `expected ${[...new Set(expected)].join(' or ')}` : 'invalid value';
}

function toParam(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
