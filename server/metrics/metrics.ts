import type { Metric } from 'prom-client';
import { type Family, type Gauges, toFamilies } from './families.ts';
import { createMeters, type Meters } from './meters.ts';

/** What the gateway counts and measures of itself. */
export interface Metrics {
  meters: Meters;
  /** Everything as it is now, in Prometheus' text format. */
  expose(gauges: Gauges): Promise<Exposition>;
}

export interface Exposition {
  contentType: string;
  text: string;
}

/** Counts from now on. Holds nothing open, so there is nothing to close. */
export function createMetrics(): Metrics {
  const meters = createMeters();
  return {
    meters,
    async expose(gauges) {
      const { Registry, ofProcess } = await loadExposition();
      const registry = new Registry();
      for (const family of [...toFamilies(gauges), ...meters.families]) registry.registerMetric(toMetric(family));
      const [own, process] = await Promise.all([registry.metrics(), ofProcess.metrics()]);
      return { contentType: registry.contentType, text: `${own}\n${process}` };
    },
  };
}

// --- internal ---

/** Loaded when somebody asks for the first time: it costs the start more than everything that is counted until then. */
let loaded: Promise<Awaited<ReturnType<typeof openExposition>>> | undefined;

function loadExposition() {
  loaded ??= openExposition();
  return loaded;
}

/** There is one process, however many gateways were started in it. */
async function openExposition() {
  const { default: prometheus } = await import('prom-client');
  const { Registry, collectDefaultMetrics } = prometheus;
  const ofProcess = new Registry();
  // What it says of the delay of the event loop is measured in steps, and all step where nothing is late: ours is better.
  collectDefaultMetrics({ register: ofProcess, prefix: 'openclaw_', eventLoopMonitoringPrecision: 100 });
  for (const { name } of ofProcess.getMetricsAsArray())
    if (/_eventloop_lag_(?!seconds$)/.test(name)) ofProcess.removeSingleMetric(name);
  return { Registry, ofProcess };
}

/** The registry writes down whatever answers like one of its own metrics; its own would have to be fed one by one. */
function toMetric({ name, help, type, samples }: Family): Metric {
  const get = async () => ({ name, help, type, aggregator: 'sum', values: await samples() });
  return { name, help, get } as unknown as Metric;
}
