import { OpenClaw as Client } from '../client/openclaw.ts';
import type { WebSocketConstructor } from '../client/socket.ts';
import { type Located, type Surroundings, webSurroundings } from '../client/surroundings.ts';
import { diagnose } from './diagnose.ts';
import { loadWs } from './load-ws.ts';
import { locate } from './locate.ts';

const nodeSurroundings: Surroundings = {
  platform: process.platform,
  locate: (wanted, last) => locate(wanted, process.env, last),
  webSocket: openWith,
  diagnose,
};

/** The client, with what Node brings along: no option is needed for the gateway of this machine. */
export class OpenClaw extends Client {
  protected override surroundings(): Surroundings {
    return nodeSurroundings;
  }
}

/** A pin goes before the class that the application gave: that one would not look at it. */
async function openWith(located: Located, given: WebSocketConstructor | undefined): Promise<WebSocketConstructor> {
  if (located.tlsFingerprint !== undefined) {
    const { pinned } = await import('./pin.ts');
    return pinned(await loadWs('to pin a certificate'), located);
  }
  if (given) return given;
  if (typeof WebSocket === 'function') return webSurroundings.webSocket(located, given);
  const purpose = `with Node ${process.versions.node}, which has no WebSocket (22 and newer have)`;
  return (await loadWs(purpose)) as unknown as WebSocketConstructor;
}
