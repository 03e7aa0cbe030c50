import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { GatewayError, isGatewayError } from '../../../sdk/protocol/errors.ts';
import { describeHolder, findPortHolders } from '../../local/port-holders.ts';

/** Milliseconds that a gateway has to say that it is well. */
const answerMs = 1_000;

/** The same error, and of a port that is in use, who has it. Never rejects. */
export async function nameHolders(error: unknown): Promise<unknown> {
  if (!isGatewayError(error) || error.details?.errno !== 'EADDRINUSE') return error;
  const port = Number(error.details.port);
  const found = await findPortHolders(port);
  const holders = found?.map((holder) => `- ${describeHolder(holder)}`) ?? [];
  const unknown = found?.length === 0 ? ['Who holds it is not for this user to see.'] : [];
  const lines = [
    error.message,
    `Port ${port} is already in use.`,
    ...holders,
    ...(found ? unknown : ['Who holds it cannot be told without lsof or fuser.']),
    'Stop it, free the port with --force, or choose another one with --port.',
  ];
  return new GatewayError(error.code, lines.join('\n'), {
    details: { ...error.details, holders: found },
    cause: error,
  });
}

/**
 * The port of the gateway that is in this one's way and well, where a supervisor starts gateways: that one stays, and a
 * supervisor that tried again and again would not help. Undefined when there is no supervisor, or no such gateway.
 */
export async function findHealthyRival(error: unknown, env: NodeJS.ProcessEnv): Promise<number | undefined> {
  if (!isGatewayError(error) || !(env.INVOCATION_ID || env.OPENCLAW_SYSTEMD_UNIT)) return undefined;
  const owner = error.details?.owner as { port?: number } | undefined;
  const isRivalry = error.details?.errno === 'EADDRINUSE' || error.details?.code === 'STATE_DIR_IN_USE';
  const port = isRivalry ? Number(owner?.port ?? error.details?.port) : 0;
  return port > 0 && (await isHealthy(port)) ? port : undefined;
}

// --- internal ---

/** Whether a gateway on this machine answers its liveness probe, with TLS or without. */
async function isHealthy(port: number): Promise<boolean> {
  return (await asksWell(requestHttp, port)) || asksWell(requestHttps, port);
}

function asksWell(request: typeof requestHttp | typeof requestHttps, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Its certificate may be one of its own; what it says is only whether it is there.
  const options = { host: '127.0.0.1', port, path: '/healthz', timeout: answerMs, rejectUnauthorized: false };
  const asked = request(options, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    response.once('end', () => resolve(response.statusCode === 200 && /"status"\s*:\s*"live"/.test(body)));
    response.once('error', () => resolve(false));
  });
  asked.once('timeout', () => asked.destroy());
  asked.once('close', () => resolve(false));
  asked.once('error', () => resolve(false));
  asked.end();
  return promise;
}
