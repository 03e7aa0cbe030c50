import fc from 'fast-check';
import { methods } from '../../sdk/protocol/contract.ts';
import { token } from '../gateway.ts';
import { frameText, toJson } from './frames.ts';
import { anything, broken, shapedAs, text } from './values.ts';

const routes = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/models',
  '/v1/models/openclaw',
  '/health',
  '/healthz',
  '/readyz',
  '/metrics',
  '/',
  '/no/such',
  '/tools/invoke',
  ...[...methods.keys()].filter((method) => !method.startsWith('gateway.restart')).map((method) => `/rpc/${method}`),
];
const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...routes) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/v1/%2e%2e/health', '//', '/%', '/%00', '/v1/models/%ff', '/rpc/__proto__', '*'),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...routes), text).map(([at, q]) => `${at}?input=${encode(q)}&x=1`) },
);
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom('user', 'system', 'assistant', 'tool'), anything),
    content: fc.oneof(text, anything),
  },
  { requiredKeys: ['role'] },
);
const body = fc.oneof(
  fc
    .record(
      {
        model: fc.oneof(fc.constantFrom('openclaw', 'openclaw:main', 'openclaw/main'), text, anything),
        messages: fc.oneof(fc.array(message, { maxLength: 3 }), anything),
        input: fc.oneof(text, fc.array(message, { maxLength: 3 }), anything),
        stream: fc.oneof(fc.boolean(), anything),
        user: fc.oneof(text, anything),
        tools: shapedAs({ type: 'array' }),
        max_tokens: anything,
      },
      { requiredKeys: [] },
    )
    .map(toJson),
  anything.map(toJson),
  frameText,
  anything.chain((value) => broken(toJson(value))),
);
const header = fc.constantFrom(
  `Authorization: Bearer ${token}`,
  `Authorization: Bearer ${token}`,
  'Authorization: Bearer wrong',
  'Authorization: Basic Og==',
  'Content-Type: application/json',
  'Content-Type: text/plain; charset=utf-9',
  'Content-Encoding: gzip',
  'Transfer-Encoding: chunked',
  'Origin: https://evil.example',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'X-OpenClaw-Session-Key: __proto__',
  'X-OpenClaw-Agent-Id: nobody',
  'Cookie: a=b',
  'Range: bytes=0-',
);

/** The bytes of an HTTP request, most of which a server can read. */
export const httpBytes: fc.Arbitrary<Buffer> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'BREW'),
    path,
    headers: fc.uniqueArray(header, { maxLength: 5 }),
    body,
    hasLength: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    off: fc.constantFrom(0, 0, 0, 0, 0, 1, -1),
  })
  .map(({ method, path, headers, body, hasLength, off }) => {
    const bytes = Buffer.from(body);
    const length = Math.max(0, bytes.byteLength + off);
    const head = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers];
    if (hasLength) head.push(`Content-Length: ${length}`);
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
  });

/** Bytes that begin as an upgrade to a socket and go on as frames, or as nothing that is one. */
export const socketBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      frameText.map((json) => toFrame(Buffer.from(json))),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(frameText, fc.nat({ max: 15 }), fc.boolean())
        .map(([json, opcode, fin]) => toFrame(Buffer.from(json), opcode, fin)),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((frames) => Buffer.concat([Buffer.from(upgrade), ...frames]));

// --- internal ---

const upgrade = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** A masked frame of a client, with a mask of zeros. */
function toFrame(payload: Buffer, opcode = 1, fin = true): Buffer {
  const { byteLength } = payload;
  const long = byteLength > 0xff_ff;
  const head = Buffer.alloc(byteLength < 126 ? 6 : long ? 14 : 8);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (byteLength < 126 ? byteLength : long ? 127 : 126);
  if (long) head.writeUInt32BE(byteLength, 6);
  else if (byteLength >= 126) head.writeUInt16BE(byteLength, 2);
  return Buffer.concat([head, payload]);
}

/** Half a character has no place in a URL. */
const encode = (value: string) => encodeURIComponent(value.toWellFormed()).slice(0, 2_000);
