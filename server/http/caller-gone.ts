import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Does work of which nobody is told once the caller has gone away: then its signal fires. */
export async function whileCallerWaits<T>(res: ServerResponse, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const going = new AbortController();
  const leave = () => going.abort(new GatewayError('CANCELLED', 'the caller went away'));
  if (res.destroyed) leave();
  res.once('close', leave);
  try {
    return await work(going.signal);
  } finally {
    res.off('close', leave);
  }
}
