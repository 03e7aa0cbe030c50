import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { token } from './gateway-process.ts';
import { median, type Throughput } from './processes.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Sends one completion and reads the whole answer. @param onPart told of each part as it comes. */
export function complete(port: number, stream: boolean, onPart?: (part: string) => void): Promise<string> {
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
          onPart?.(part);
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

/** Median milliseconds to the first word of a streamed completion, one at a time. */
export async function measureFirstToken(port: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < latencySamples + 20; i++) {
    const started = performance.now();
    let seen = '';
    let firstMs: number | undefined;
    await complete(port, true, (part) => {
      seen += firstMs === undefined ? part : '';
      if (seen.includes('"word')) firstMs ??= performance.now() - started;
    });
    if (firstMs === undefined) throw new Error(`a stream without a word: ${seen.slice(0, 200)}`);
    if (i >= 20) times.push(firstMs);
  }
  return median(times);
}

const pacedStreams = 200;

/** Streams many answers at once whose chunks say when they were sent; answers how late they came, in milliseconds. */
export async function measurePaced(
  port: number,
): Promise<{ streams: number; chunks: number; p50: number; p99: number }> {
  const late: number[] = [];
  const stamp = /@(\d+) /g;
  const one = async () => {
    let rest = '';
    await complete(port, true, (part) => {
      const now = process.hrtime.bigint();
      rest += part;
      const complete = rest.lastIndexOf('\n\n') + 1;
      for (const [, at = ''] of rest.slice(0, complete).matchAll(stamp)) late.push(Number(now - BigInt(at)) / 1e6);
      rest = rest.slice(complete);
    });
  };
  await Promise.all(Array.from({ length: pacedStreams }, one));
  late.sort((a, b) => a - b);
  const at = (share: number) => late[Math.floor(late.length * share)] ?? Number.NaN;
  return { streams: pacedStreams, chunks: late.length, p50: at(0.5), p99: at(0.99) };
}

const settledAfter = 5000;
const manyCompletions = 20_000;

/** Resident memory in MB after the first thousands of completions, and after 20,000. */
export async function measureGrowth(port: number, readMb: () => Promise<number>) {
  let left = 0;
  const lane = async () => {
    while (left-- > 0) await complete(port, true);
  };
  const run = (count: number) => {
    left = count;
    return Promise.all(Array.from({ length: lanes }, lane));
  };
  await run(settledAfter);
  const settledMb = await readMb();
  await run(manyCompletions - settledAfter);
  return { settledAfter, settledMb, completions: manyCompletions, endMb: await readMb() };
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
