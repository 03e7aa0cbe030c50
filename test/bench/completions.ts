import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { token } from './gateway-process.ts';
import { median, type Throughput } from './processes.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends one completion and reads the whole answer. */
function complete(port: number, stream: boolean): Promise<string> {
  const body = JSON.stringify({ model: 'openclaw', stream, messages: [{ role: 'user', content: 'hello' }] });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  return new Promise((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port, method: 'POST', path: '/v1/chat/completions', headers, agent },
      (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (part) => {
          text += part;
        });
        res.on('end', () => (res.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

const latencySamples = 200;

/** Median milliseconds of a completion that is not streamed, one at a time. */
export async function measureLatency(port: number): Promise<number> {
  for (let i = 0; i < 20; i++) await complete(port, false);
  const times: number[] = [];
  for (let i = 0; i < latencySamples; i++) {
    const started = performance.now();
    await complete(port, false);
    times.push(performance.now() - started);
  }
  return median(times);
}

const lanes = 8;
const streamSeconds = 4;

/** Streams completions, 8 at a time. */
export async function measureStreams(port: number): Promise<Throughput> {
  const run = async (seconds: number) => {
    const until = performance.now() + seconds * 1000;
    let done = 0;
    const lane = async () => {
      while (performance.now() < until) {
        const text = await complete(port, true);
        if (!text.trimEnd().endsWith('[DONE]')) throw new Error(`a broken stream: ${text.slice(-200)}`);
        done++;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return done;
  };
  const warm = await run(1);
  const started = performance.now();
  const done = await run(streamSeconds);
  return { perSecond: done / ((performance.now() - started) / 1000), total: warm + done };
}
