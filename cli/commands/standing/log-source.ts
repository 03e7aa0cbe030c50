import type { OpenClaw } from '../../../sdk/index.node.ts';
import type { LogTail } from '../../../server/log/tail.ts';
import { namesGateway } from '../../globals.ts';
import { readGatewayHere } from '../../local/gateway-here.ts';
import { findTarget, patienceMs } from '../../local/target.ts';
import { openClient } from '../../request.ts';
import type { Shell } from '../../shell.ts';
import type { TailRequest } from './log-file.ts';

/** Where the log is read. */
export interface LogSource {
  url: string;
  /** Asks the gateway, on a connection that is opened anew after it was lost. @throws GatewayError */
  ask(request: TailRequest): Promise<LogTail>;
  /** The log file, when the gateway is one of this machine. */
  localFile: string | undefined;
  close(): Promise<void>;
}

/** @throws GatewayError bad usage. */
export async function openSource(shell: Shell): Promise<LogSource> {
  const [{ url }, here] = await Promise.all([findTarget(shell), readGatewayHere(shell)]);
  const isHere = !namesGateway(shell) && here.config.mode !== 'remote';
  let client: OpenClaw | undefined;
  return {
    url,
    localFile: isHere ? here.logFile : undefined,
    async ask(request) {
      client ??= openClient(shell, { patienceMs, reconnect: false });
      try {
        return await client.rpc.logs.tail.query(request, { timeoutMs: patienceMs });
      } catch (error) {
        await client.close();
        client = undefined;
        throw error;
      }
    },
    async close() {
      await client?.close();
    },
  };
}
