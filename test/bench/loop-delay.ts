/**
 * Loaded into a gateway with `--import`: measures how late its event loop is, from the first SIGWINCH on, and writes it to
 * `BENCH_DELAY_FILE` when the process ends. Milliseconds, with the one between two looks.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env.BENCH_DELAY_FILE;
if (file) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  // A signal that nobody else has a use for.
  process.once('SIGWINCH', () => histogram.enable());
  // Where nobody else ends the process.
  process.on('SIGTERM', () => process.listenerCount('SIGTERM') === 1 && process.exit());
  process.on('exit', () => {
    const toMs = (nanoseconds: number) => nanoseconds / 1e6;
    const [p50, p99] = [histogram.percentile(50), histogram.percentile(99)].map(toMs);
    writeFileSync(file, JSON.stringify({ p50, p99, max: toMs(histogram.max) }));
  });
}
