import { OpenClaw as Client } from '../client/openclaw.ts';
import type { WebSocketConstructor } from '../client/socket.ts';
import { type Surroundings, webSurroundings } from '../client/surroundings.ts';
import { GatewayError } from '../protocol/errors.ts';
import { diagnose } from './diagnose.ts';
import { locate } from './locate.ts';

const nodeSurroundings: Surroundings = {
  platform: process.platform,
  locate: (wanted, last) => locate(wanted, process.env, last),
  webSocket: () => (typeof WebSocket === 'function' ? webSurroundings.webSocket() : loadWs()),
  diagnose,
};

/** The client, with what Node brings along: no option is needed for the gateway of this machine. */
export class OpenClaw extends Client {
  protected override surroundings(): Surroundings {
    return nodeSurroundings;
  }
}

/** Node 20 has no WebSocket of its own. */
async function loadWs(): Promise<WebSocketConstructor> {
  try {
    const { WebSocket } = await import('ws');
    return WebSocket as unknown as WebSocketConstructor;
  } catch (cause) {
    throw new GatewayError(
      'INVALID_REQUEST',
      `Node ${process.versions.node} has no WebSocket: run \`npm i ws\`, or use Node 22 or newer`,
      { cause },
    );
  }
}
