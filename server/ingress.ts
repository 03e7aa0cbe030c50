import { markIngress } from './auth/ingress.ts';
import type { TailscaleMode } from './config/exposure.ts';
import type { Environment } from './config/substitute.ts';
import type { openFronts } from './fronts.ts';
import type { Life } from './gateway.ts';
import { listen } from './listen.ts';
import type { Log } from './log/log.ts';
import { exposeByTailscale } from './tailscale/exposure.ts';

/** The door by which Tailscale's requests come in. */
export interface Ingress {
  close(): Promise<void>;
}

export interface IngressOptions {
  fronts: ReturnType<typeof openFronts>;
  stateDir: string;
  env: Environment;
  life: Pick<Life, 'phase'>;
  log: Log;
}

/**
 * Opens a listener of its own on loopback for what Tailscale passes on: there its proxy is believed about who the client is, while a
 * program that says so at the ordinary port is not. Undefined in mode `off`.
 * @throws GatewayError UNAVAILABLE; then nothing is open.
 */
export async function openIngress(
  mode: TailscaleMode,
  { fronts, stateDir, env, life, log }: IngressOptions,
): Promise<Ingress | undefined> {
  if (mode === 'off') return undefined;
  const door = await listen({
    port: 0,
    hosts: ['127.0.0.1'],
    onRequest: (request, response) => {
      markIngress(request.socket);
      fronts.http.listener(request, response);
    },
    onUpgrade: (request, socket, head) => {
      markIngress(request.socket);
      fronts.wire.upgrade(request, socket, head);
    },
    attach: fronts.http.attach,
  });
  try {
    const isStopping = () => life.phase === 'draining';
    const exposure = await exposeByTailscale({ mode, port: door.port, stateDir, env, isStopping, log });
    return {
      async close() {
        await exposure.close();
        await door.close();
      },
    };
  } catch (error) {
    await door.close();
    throw error;
  }
}
