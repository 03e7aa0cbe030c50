import { z } from 'zod';
import { timestampMs } from './fields.ts';
import { ScheduledRestart } from './gateway.ts';
import { shape } from './shape.ts';

/** How the gateway follows changes of its configuration file. */
export interface ConfigReloadState {
  /** `disabled` when `gateway.reload.mode` is `off`: the file is read and judged then, too, and not applied. */
  hotReloadStatus: 'active' | 'disabled';
  /** `gateway.reload.mode` as it is in effect. */
  mode?: 'off' | 'hot' | 'restart' | 'hybrid' | undefined;
  /** What is wrong with the file as it is now; the gateway runs with the configuration from before. Absent when it is valid. */
  fault?: { ts: number; message: string } | undefined;
  /** Keys of which the file says something else than what runs, until the gateway is restarted. Absent when there are none. */
  restartPending?: string[] | undefined;
}

export const ConfigReloadState = shape<ConfigReloadState>()(
  z.object({
    hotReloadStatus: z.enum(['active', 'disabled']),
    mode: z.enum(['off', 'hot', 'restart', 'hybrid']).optional(),
    fault: z.object({ ts: timestampMs, message: z.string() }).optional(),
    restartPending: z.array(z.string()).optional(),
  }),
);

/** The file beside what runs: each key that differs is in `paths`, and in one of `hot`, `restart` and `none`. */
export interface ConfigReloaded {
  ok: true;
  /** True when nothing was applied, because only the plan was asked for. */
  dryRun: boolean;
  /** `gateway.reload.mode` as the file says. */
  mode: 'off' | 'hot' | 'restart' | 'hybrid';
  /** Absolute path of the file. */
  path: string;
  paths: string[];
  /** Applied while the gateway runs. */
  hot: string[];
  /** Read at a start only. */
  restart: string[];
  /** Nothing has to be done for these. */
  none: string[];
  /** The restart that follows; absent when none does. */
  scheduled?: ScheduledRestart | undefined;
}

export const ConfigReloaded = shape<ConfigReloaded>()(
  z.object({
    ok: z.literal(true),
    dryRun: z.boolean(),
    mode: z.enum(['off', 'hot', 'restart', 'hybrid']),
    path: z.string(),
    paths: z.array(z.string()),
    hot: z.array(z.string()),
    restart: z.array(z.string()),
    none: z.array(z.string()),
    scheduled: ScheduledRestart.optional(),
  }),
);
