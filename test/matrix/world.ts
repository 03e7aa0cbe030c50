import { makeDevice } from '../auth/device.ts';
import { connectDevice, elsewhere, refusalOf } from '../device-client.ts';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import type { Example, World } from './examples.ts';

let calls = 0;

/** The parameters of an example, after everything is there that it needs. */
export async function paramsOf(
  { params }: Example,
  gateway: { url: string },
  ask: World['ask'],
): Promise<Record<string, unknown>> {
  const made = typeof params === 'function' ? await params(worldOf(gateway, ask)) : params;
  return made as Record<string, unknown>;
}

/** A gateway in a process of its own, which a call may restart or stop. */
export async function startAlone() {
  const folder = await scratch();
  const upstream = await startUpstream(reply('ok'));
  const options = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
  const started = await spawnGateway(options);
  return {
    url: started.url,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

// --- internal ---

function worldOf(gateway: { url: string }, ask: World['ask']): World {
  const auth = { token };
  return {
    ask,
    n: ++calls,
    async pair() {
      const device = makeDevice();
      using raw = await connectDevice(gateway, device, { params: { scopes: ['operator.pairing'], auth } });
      if (!raw.hello.ok) throw new Error(`a device was refused: ${JSON.stringify(raw.hello.error)}`);
      return device.id;
    },
    async knock() {
      using raw = await connectDevice(gateway, makeDevice(), { params: { scopes: [], auth }, ...elsewhere });
      return String((await refusalOf(raw)).details.requestId);
    },
  };
}
