import { WebSocket } from 'ws';
import { OpenClaw, type WebSocketConstructor } from '../sdk/index.node.ts';
import type { MethodCommand } from './derive.ts';
import { toTimeoutMs, toWanted } from './globals.ts';
import type { Shell } from './shell.ts';

/** Milliseconds in which a gateway that is there has said hello. */
const connectTimeoutMs = 10_000;

/** How a command's client differs from the usual one. */
export interface ClientOptions {
  /** Milliseconds in which the gateway has to say hello, unless `--timeout` is shorter. Default 10 000. */
  patienceMs?: number | undefined;
  /** False: the first loss closes it. Default: it comes back by itself. */
  reconnect?: false | undefined;
}

/** The client for one command, which has to close it. Connects at the first call. */
export function openClient(shell: Shell, { patienceMs = connectTimeoutMs, reconnect }: ClientOptions = {}): OpenClaw {
  return new OpenClaw({
    ...toWanted(shell.globals),
    reconnect,
    connectTimeoutMs: Math.min(patienceMs, toTimeoutMs(shell.globals) ?? patienceMs),
    client: { id: 'cli', mode: 'cli' },
    // Node's own takes 25 ms longer to load: a third of what a short command takes in all.
    webSocket: WebSocket as unknown as WebSocketConstructor,
  });
}

/** Opens the client for one command and closes it after. @throws GatewayError of the command, or of the connection. */
export async function withGateway<T>(
  shell: Shell,
  use: (client: OpenClaw) => Promise<T>,
  options?: ClientOptions,
): Promise<T> {
  const client = openClient(shell, options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Asks the gateway once. @throws GatewayError */
export function request(
  shell: Shell,
  { method, kind }: Pick<MethodCommand, 'method' | 'kind'>,
  input: Record<string, unknown>,
): Promise<unknown> {
  const timeoutMs = toTimeoutMs(shell.globals);
  return withGateway(shell, (client) => {
    const calls = (client.rpc as unknown as Record<string, DynamicCall>)[method] as DynamicCall;
    return kind === 'query' ? calls.query(input, { timeoutMs }) : calls.mutate(input, { timeoutMs });
  });
}

// --- internal ---

/** The rpc client takes any wire name; its types know only those of the contract. */
interface DynamicCall {
  query(input: unknown, options: { timeoutMs: number | undefined }): Promise<unknown>;
  mutate(input: unknown, options: { timeoutMs: number | undefined }): Promise<unknown>;
}
