import { z } from 'zod';

/**
 * What a message does when its session is at work: `steer` goes into the running run at its next turn, `followup` gets a run
 * of its own after it, `collect` is answered together with the others that wait, `interrupt` ends the running run.
 */
export type QueueMode = 'steer' | 'followup' | 'collect' | 'interrupt';

export const QueueMode = z.enum(['steer', 'followup', 'collect', 'interrupt']);

/**
 * What a full line does: `summarize` gives the oldest message to the next run in short, `old` drops the oldest, `new` refuses
 * the newest.
 */
export type QueueDrop = 'old' | 'new' | 'summarize';

export const QueueDrop = z.enum(['old', 'new', 'summarize']);
