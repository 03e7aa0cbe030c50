import { startTestGateway, type TestGatewayOptions } from './gateway.ts';
import { type OpenSocketOptions, openSocket } from './socket.ts';

/** A whole gateway and one client of it: an administrator, unless it asks for other scopes. */
export async function openRoom(options: TestGatewayOptions & Pick<OpenSocketOptions, 'scopes'> = {}) {
  const gateway = await startTestGateway(options);
  const client = await openSocket(gateway.url, options);
  return {
    gateway,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}
