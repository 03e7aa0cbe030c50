/** The bare baseline for completions: passes a request on to the upstream and its answer back. Prints its port. */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

const port = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true });
const server = createServer((req, res) => {
  const { method, url: path } = req;
  const headers = { ...req.headers, host: `127.0.0.1:${port}` };
  const out = request({ host: '127.0.0.1', port, method, path, headers, agent }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  req.pipe(out);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
