/**
 * A model provider that answers at once: a stream of 50 chunks, or one object. With a pace it sends a chunk every so many
 * milliseconds, each with the time at which it was sent. Prints its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const chunks = Number(process.argv[2] ?? 50);
/** Milliseconds between two chunks; 0 sends one each turn of the event loop. */
const paceMs = Number(process.argv[3] ?? 0);
const toChunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'u', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const words = Array.from({ length: chunks }, (_, index) => toChunk({ content: `word${index % 10} ` }));
const usage = { prompt_tokens: 10, completion_tokens: chunks, total_tokens: 10 + chunks };
const end = [
  toChunk({}, 'stop'),
  `data: ${JSON.stringify({ id: 'u', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [], usage })}\n\n`,
  'data: [DONE]\n\n',
];
const whole = JSON.stringify({
  id: 'u',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(chunks) }, finish_reason: 'stop' }],
  usage,
});

const server = createServer((req, res) => {
  let body = '';
  req.on('data', (part) => {
    body += part;
  });
  req.on('end', () => {
    const { stream, model } = JSON.parse(body);
    if (!stream) {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(whole);
      return;
    }
    // This model only says its name.
    if (model === 'two') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end([toChunk({ content: 'model two' }), ...end].join(''));
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    let index = 0;
    // One chunk a turn: a provider writes tokens one by one.
    const next = () => {
      const word = words[index++];
      if (word === undefined) {
        res.end(end.join(''));
        return;
      }
      // The clock of all processes of this machine, in nanoseconds.
      res.write(paceMs > 0 ? toChunk({ content: `@${process.hrtime.bigint()} ` }) : word);
      if (paceMs > 0) setTimeout(next, paceMs);
      else setImmediate(next);
    };
    next();
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
