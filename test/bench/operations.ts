import { spawn } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { complete } from './completions.ts';
import { connect, type GatewayProcess, token } from './gateway-process.ts';
import { cli, median, readUsage } from './processes.ts';

const commandRuns = 7;

/** Median milliseconds of a command as a process, from its start to its end. */
export async function measureCommand(args: readonly string[], env: Record<string, string>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= commandRuns; i++) {
    const started = performance.now();
    const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' });
    await new Promise((resolve) => child.once('exit', resolve));
    // The first one reads files that no cache has yet.
    if (i > 0) times.push(performance.now() - started);
  }
  return median(times);
}

const edits = 6;

/** Changes the default model in the file while completions go on; answers how long each change took to be seen. */
export async function measureReload({ stateDir, port }: GatewayProcess) {
  const path = join(stateDir, 'openclaw.json');
  const config = JSON.parse(await readFile(path, 'utf8'));
  let isOver = false;
  let [answered, failed] = [0, 0];
  let model = '';
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      try {
        model = (await complete(port, true)).includes('model two') ? 'up/two' : 'up/one';
        answered++;
      } catch {
        failed++;
      }
    }
  });
  const times: number[] = [];
  for (let i = 0; i < edits; i++) {
    const next = i % 2 === 0 ? 'up/two' : 'up/one';
    config.agents.defaults.model = next;
    // As editors do: a new file in place of the old one.
    await writeFile(`${path}.new`, JSON.stringify(config));
    const started = performance.now();
    await rename(`${path}.new`, path);
    while (model !== next && performance.now() - started < 10_000) await sleep(2);
    times.push(performance.now() - started);
    await sleep(300);
  }
  isOver = true;
  await Promise.all(load);
  return { slowestMs: Math.max(...times), edits, answered, failed };
}

const streams = 20;

/**
 * Restarts the gateway while answers are streamed. `backMs`: from the first connection that was lost until every client was back
 * and told of a change; `inAllMs`: from the signal, so with the answers that were still to be ended.
 */
export async function measureComeback({ pid, port }: GatewayProcess, clients: number) {
  await makeSession(port);
  const args = [join(import.meta.dirname, 'peers', 'comeback.ts'), `ws://127.0.0.1:${port}`, `${clients}`];
  const env = { ...process.env, BENCH_TOKEN: token };
  const peer = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  await lines.next();
  let isOver = false;
  const load = Array.from({ length: streams }, async () => {
    // Refused while there is no gateway: that is not what is measured.
    while (!isOver) await complete(port, true).catch(() => sleep(20));
  });
  const changes = keepChanging(port, () => isOver);
  await sleep(1000);
  const started = Date.now();
  peer.stdin.write('\n');
  process.kill(pid, 'SIGUSR2');
  const [lost = 0, back = 0] = String((await lines.next()).value)
    .split(' ')
    .map(Number);
  isOver = true;
  await Promise.all([...load, changes]);
  peer.kill('SIGTERM');
  return { backMs: back - lost, inAllMs: back - started, streams };
}

/** Per cent of a core over so many seconds, with that many clients watching. */
export async function measureIdle({ pid, port }: GatewayProcess, seconds: number) {
  const sockets = await Promise.all(Array.from({ length: 3 }, () => connect(port)));
  for (const socket of sockets)
    socket.send(JSON.stringify({ type: 'req', id: 'watch', method: 'sessions.subscribe', params: {} }));
  await sleep(3000);
  const before = await readUsage(pid);
  await sleep(seconds * 1000);
  const after = await readUsage(pid);
  for (const socket of sockets) socket.terminate();
  return { percent: ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100, rssMb: after.rssMb };
}

// --- internal ---

async function makeSession(port: number): Promise<void> {
  const socket = await connect(port);
  socket.send(JSON.stringify({ type: 'req', id: 'make', method: 'sessions.create', params: { key: watchedKey } }));
  await new Promise<void>((resolve) => {
    socket.on('message', (raw) => String(raw).includes('"id":"make"') && resolve());
  });
  socket.terminate();
}

const watchedKey = 'agent:main:watched';

/** Something to be told of, 20 times a second. */
async function keepChanging(port: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const socket = await connect(port);
    while (!isOver() && socket.readyState === socket.OPEN) {
      socket.send(
        JSON.stringify({
          type: 'req',
          id: 'x',
          method: 'sessions.patch',
          params: { key: watchedKey, label: `${Date.now()}` },
        }),
      );
      await sleep(50);
    }
    socket.terminate();
  }
}
