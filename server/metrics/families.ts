import { stat } from 'node:fs/promises';
import type { EventLoopHealth } from '../../sdk/protocol/health.ts';
import type { WireFigures } from '../wire/figures.ts';
import type { Sample } from './tally.ts';

/** A metric with all its samples (https://prometheus.io/docs/instrumenting/exposition_formats). */
export interface Family {
  name: string;
  /** What it says, for people. */
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples(): Sample[] | Promise<Sample[]>;
}

/** What is read when somebody asks. */
export interface Gauges {
  version: string;
  wire(): WireFigures;
  runs(): { active: number; queued: number };
  sessions(): number;
  eventLoop(): EventLoopHealth;
  database: { path: string; isWritable(): boolean };
  /** Names of the parts that are not ready, as `/readyz` has them. */
  failing(): string[];
}

/** Everything that is read rather than counted. */
export function toFamilies(gauges: Gauges): Family[] {
  return [...ofHouse(gauges), ...ofWire(gauges), ...ofEventLoop(gauges)];
}

// --- internal ---

const gauge = (name: string, help: string, samples: Family['samples']): Family => ({
  name,
  help,
  type: 'gauge',
  samples,
});
const one = (value: number): Sample[] => [{ labels: {}, value }];

function ofHouse({ version, runs, sessions, database, failing }: Gauges): Family[] {
  return [
    gauge('openclaw_build_info', 'The version, as a label.', () => [{ labels: { version }, value: 1 }]),
    gauge('openclaw_ready', '1 when /readyz says so.', () => one(failing().length === 0 ? 1 : 0)),
    gauge('openclaw_runs_active', 'Runs that work.', () => one(runs().active)),
    gauge('openclaw_runs_queued', 'Runs that wait for their turn.', () => one(runs().queued)),
    gauge('openclaw_sessions', 'Sessions that are kept.', () => one(sessions())),
    gauge('openclaw_database_writable', '0 while the disk refuses writes.', () => one(database.isWritable() ? 1 : 0)),
    gauge('openclaw_database_bytes', 'Size of the files of the database.', () => readSizes(database.path)),
  ];
}

function ofWire({ wire }: Gauges): Family[] {
  return [
    gauge('openclaw_connections', 'Clients that are connected.', () =>
      wire().clients.map(({ role, mode, count }) => ({ labels: { role, mode }, value: count })),
    ),
    gauge('openclaw_connections_opening', 'Sockets that wait for hello.', () => one(wire().opening)),
    gauge('openclaw_send_buffer_bytes', 'Bytes that wait to be read by clients.', () => one(wire().bufferedBytes)),
    {
      name: 'openclaw_events_dropped_total',
      help: 'Events left out because a client read too slowly.',
      type: 'counter',
      samples: () => one(wire().droppedEvents),
    },
    {
      name: 'openclaw_slow_consumer_closes_total',
      help: 'Clients closed because they read too slowly.',
      type: 'counter',
      samples: () => one(wire().slowConsumers),
    },
  ];
}

function ofEventLoop({ eventLoop }: Gauges): Family[] {
  const seconds = (ms: number | null | undefined) => one((ms ?? 0) / 1000);
  return [
    gauge('openclaw_event_loop_delay_p99_seconds', 'Delay of the event loop, within the last minute or two.', () =>
      seconds(eventLoop().delayP99Ms),
    ),
    gauge('openclaw_event_loop_delay_max_seconds', 'The longest delay within the same time.', () =>
      seconds(eventLoop().delayMaxMs),
    ),
    gauge('openclaw_event_loop_utilization_ratio', 'Share of that time in which it was busy.', () =>
      one(eventLoop().utilization),
    ),
  ];
}

/** The log of writes is a file of its own, and may be missing for a moment. */
function readSizes(path: string): Promise<Sample[]> {
  const files = [
    ['main', path],
    ['wal', `${path}-wal`],
  ] as const;
  return Promise.all(
    files.map(async ([file, name]) => {
      const size = await stat(name).then(
        (status) => status.size,
        () => 0,
      );
      return { labels: { file }, value: size };
    }),
  );
}
