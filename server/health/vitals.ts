import type { Publish } from '../../sdk/protocol/events.ts';
import type { Log } from '../log/log.ts';
import { watchEventLoop } from './event-loop.ts';
import { createHealth, type HealthDeps } from './snapshot.ts';
import { createStability } from './stability.ts';
import { watchStrain } from './strain.ts';

export interface VitalDeps extends Omit<HealthDeps, 'eventLoop'> {
  publish: Publish;
  log: Log;
}

/** Watches how the gateway stands, and tells everybody when the event loop or the memory is strained. */
export function watchVitals({ publish, log, ...deps }: VitalDeps) {
  const eventLoop = watchEventLoop();
  const diagnostics = createStability();
  const health = createHealth({ ...deps, eventLoop });
  const tell = () => {
    try {
      health.touch();
      publish('health', health.takeHealth());
    } catch (error) {
      // Told when something has changed, by who cannot do anything about it: the next one is a minute away.
      log.error('health cannot be told', { error });
    }
  };
  const strain = watchStrain((strained) => {
    diagnostics.record(strained);
    tell();
  });
  return {
    health,
    eventLoop,
    /** What has strained the gateway. */
    diagnostics,
    /** Tells everybody how the gateway is now. Never throws. */
    tell,
    close() {
      eventLoop.close();
      strain.close();
    },
  };
}
