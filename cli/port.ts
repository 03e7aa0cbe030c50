import { misuse } from './misuse.ts';

/** A port as it was typed; undefined when none was. @param flag for the error, for example `--port`. @throws GatewayError bad usage. */
export function readPort(text: unknown, flag = '--port'): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(String(text)) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw misuse(`${flag} "${text}" is no port: use a whole number from 1 to 65535`);
}
