/** Works in large sessions for as long as one likes: `npm run soak -- --minutes 60`. Prints a line for docs/performance.md. */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type WebSocket from 'ws';
import { connect, startGatewayProcess } from './gateway-process.ts';
import { readUsage, startPeer } from './processes.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    sessions: { type: 'string', default: '60' },
    megabytes: { type: 'string', default: '20' },
  },
});
const minutes = Number(values.minutes);
const keys = Array.from({ length: Number(values.sessions) }, (_, n) => `agent:main:soak-${n}`);
/** Messages that a session is filled with, and their length. */
const fillCount = Number(values.megabytes) * 100;
const fillChars = 10_000;
/** Between two messages in one session, and between two questions about all, milliseconds. */
const messagePaceMs = 3_000;
const questionPaceMs = 200;
const targetMs = 25;

await using upstream = await startPeer('upstream', 50);
const meter = `--import=${join(import.meta.dirname, 'loop-delay.ts')}`;
const delayFile = join(tmpdir(), `openclaw-soak-${process.pid}.json`);
const idleFile = `${delayFile}.idle`;
const { runs, questions, startMb, endMb } = await soak();
const { p50, p99, max } = await readDelays(delayFile);
const idle = await readDelays(idleFile);
const measured = [
  `event-loop delay p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${max.toFixed(0)} ms (an idle process beside it: p99 ${idle.p99.toFixed(1)} ms)`,
  `${runs} runs, ${questions} questions`,
  `${startMb.toFixed(0)} MB resident at the start, ${endMb.toFixed(0)} MB at the end`,
];
const what = `soak of ${minutes} min, ${keys.length} sessions of ${values.megabytes} MB`;
console.log(`| ${what} | ${measured.join('; ')} | p99 under ${targetMs} ms | ${p99 < targetMs ? 'yes' : 'NO'} |`);

async function readDelays(file: string): Promise<Record<'p50' | 'p99' | 'max', number>> {
  const text = await readFile(file, 'utf8');
  await rm(file);
  return JSON.parse(text);
}

/** Does nothing, as late as the machine makes it. */
function startIdle() {
  const child = spawn(process.execPath, [meter, '--eval', 'setInterval(() => {}, 1000)'], {
    env: { ...process.env, BENCH_DELAY_FILE: idleFile },
    stdio: 'inherit',
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Fills the sessions, then works in all of them, and ends the gateway, which writes down how late it was. */
async function soak() {
  await using idle = startIdle();
  await using gateway = await startGatewayProcess(upstream.port, {
    NODE_OPTIONS: meter,
    BENCH_DELAY_FILE: delayFile,
  });
  const line = openAsker(await connect(gateway.port));
  const started = performance.now();
  await Promise.all(keys.map((key) => fill(line, key)));
  console.error(`filled in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const startMb = (await readUsage(gateway.pid)).rssMb;
  for (const { pid } of [gateway, idle]) process.kill(pid, 'SIGWINCH');
  const done = await work(line);
  const endMb = (await readUsage(gateway.pid)).rssMb;
  return { ...done, startMb, endMb };
}

async function fill(line: Asker, key: string): Promise<void> {
  for (let n = 0; n < fillCount; n++)
    await line.ask('chat.inject', { sessionKey: key, message: prose(fillChars, `${key} ${n}`) });
}

/** Talks in every session at its pace, and asks about all of them meanwhile, until the time is over. */
async function work(line: Asker): Promise<{ runs: number; questions: number }> {
  const until = performance.now() + minutes * 60_000;
  const goesOn = () => performance.now() < until;
  const done = { runs: 0, questions: 0 };
  const talk = async (key: string, index: number) => {
    await sleep((index * messagePaceMs) / keys.length);
    for (let n = 0; goesOn(); n++) {
      const runId = `${key}-${n}`;
      await line.ask('chat.send', { sessionKey: key, message: prose(500, runId), idempotencyKey: runId });
      const { status } = await line.ask('agent.wait', { runId, timeoutMs: 60_000 });
      if (status !== 'ok') throw new Error(`${runId} ended with ${status}`);
      done.runs++;
      await sleep(messagePaceMs);
    }
  };
  const question = async () => {
    for (let n = 0; goesOn(); n++) {
      const key = keys[n % keys.length] ?? '';
      await line.ask('sessions.list', { limit: 100, includeLastMessage: true, includeDerivedTitles: true });
      await line.ask('chat.history', { sessionKey: key, limit: 50 });
      await line.ask('sessions.search', { query: `word${n % 997}` });
      await line.ask('health');
      done.questions += 4;
      await sleep(questionPaceMs);
    }
  };
  const report = setInterval(() => console.error(`${done.runs} runs, ${done.questions} questions`), 30_000);
  await Promise.all([...keys.map(talk), question()]);
  clearInterval(report);
  return done;
}

interface Asker {
  /** @throws when the gateway refuses. */
  ask(method: string, params?: object): Promise<Record<string, unknown>>;
}

function openAsker(socket: WebSocket): Asker {
  const waiting = new Map<string, PromiseWithResolvers<Record<string, unknown>>>();
  let ids = 0;
  socket.on('message', (raw: Buffer) => {
    const { type, id, ok, payload, error } = JSON.parse(raw.toString());
    if (type !== 'res') return;
    if (ok) waiting.get(id)?.resolve(payload);
    else waiting.get(id)?.reject(new Error(`${id}: ${error?.message}`));
    waiting.delete(id);
  });
  return {
    ask(method, params) {
      const id = `${method}-${++ids}`;
      const answer = Promise.withResolvers<Record<string, unknown>>();
      waiting.set(id, answer);
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
      return answer.promise;
    },
  };
}

/** Words that differ from message to message, as those of people do. */
function prose(chars: number, seed: string): string {
  let hash = 7;
  for (const letter of seed) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  const words: string[] = [];
  for (let length = 0; length < chars; ) {
    hash = (Math.imul(hash, 1_664_525) + 1_013_904_223) >>> 0;
    const word = `word${(hash >>> 16) % 20_000}`;
    words.push(word);
    length += word.length + 1;
  }
  return words.join(' ');
}
