import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EventLoopHealth } from '../../sdk/protocol/health.ts';

/** Looks at how busy the event loop is. */
export interface EventLoopWatch {
  /** What happened since the last read that is at least a window old. */
  read(): EventLoopHealth;
  close(): void;
}

const windowMs = 60_000;
/** Milliseconds between looks; each costs a wake-up of the idle process. */
const resolutionMs = 100;
const nanosecondsPerMs = 1e6;

/** From these on the gateway calls itself degraded. */
const limits = { delayP99Ms: 500, utilization: 0.95, cpuCoreRatio: 0.95 };

export function watchEventLoop(): EventLoopWatch {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let window = openWindow();

  return {
    read() {
      const intervalMs = performance.now() - window.startedAt;
      const health = toHealth(window, intervalMs, delays);
      if (intervalMs >= windowMs) {
        window = openWindow();
        delays.reset();
      }
      return health;
    },
    close: () => void delays.disable(),
  };
}

function openWindow() {
  return { startedAt: performance.now(), cpu: process.cpuUsage(), loop: performance.eventLoopUtilization() };
}

function toHealth(
  { cpu, loop }: ReturnType<typeof openWindow>,
  intervalMs: number,
  delays: { percentile(p: number): number; max: number; count: number },
): EventLoopHealth {
  const { user, system } = process.cpuUsage(cpu);
  // The histogram counts from one look to the next: what is beyond the resolution is delay.
  const toDelayMs = (nanoseconds: number) =>
    delays.count === 0 ? 0 : Math.max(0, round(nanoseconds / nanosecondsPerMs - resolutionMs));
  const measured = {
    delayP99Ms: toDelayMs(delays.percentile(99)),
    utilization: round(performance.eventLoopUtilization(loop).utilization),
    cpuCoreRatio: round((user + system) / 1000 / Math.max(1, intervalMs)),
  };
  const reasons: EventLoopHealth['reasons'] = [];
  if (measured.delayP99Ms > limits.delayP99Ms) reasons.push('event_loop_delay');
  // A short window is all start-up and says nothing about the load.
  if (intervalMs > windowMs / 2 && measured.utilization > limits.utilization) reasons.push('event_loop_utilization');
  if (intervalMs > windowMs / 2 && measured.cpuCoreRatio > limits.cpuCoreRatio) reasons.push('cpu');
  return {
    degraded: reasons.length > 0,
    reasons,
    intervalMs: Math.round(intervalMs),
    delayMaxMs: toDelayMs(delays.max),
    ...measured,
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
