import type { ConnectionState, OpenClawOptions } from '../../sdk/index.node.ts';
import { OpenClaw } from '../../sdk/index.node.ts';

/** A client that comes back quickly. */
export function openClient(url: string, options: OpenClawOptions = {}): OpenClaw {
  return new OpenClaw({ url, token: 'test', reconnect: { minDelayMs: 5, maxDelayMs: 20 }, ...options });
}

/** Resolves with the first state of that kind, from now on. */
export function untilState(client: OpenClaw, status: ConnectionState['status']): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const stop = client.onState((state) => {
      if (state.status !== status) return;
      stop();
      resolve(state);
    });
  });
}

/** What a promise is rejected with. */
export async function failure(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('nothing failed');
}
