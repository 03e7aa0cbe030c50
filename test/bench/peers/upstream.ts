/** A model provider that answers at once: a stream of 50 chunks, or one object. Prints its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const chunks = Number(process.argv[2] ?? 50);
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
    if (!JSON.parse(body).stream) {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(whole);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    let index = 0;
    // One chunk a turn: a provider writes tokens one by one.
    const next = () => {
      const chunk = words[index++];
      if (chunk === undefined) {
        res.end(end.join(''));
        return;
      }
      res.write(chunk);
      setImmediate(next);
    };
    next();
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
