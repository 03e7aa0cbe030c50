import { methods } from '../../sdk/protocol/contract.ts';
import { makeDevice } from '../auth/device.ts';
import { authOf, connectDevice, elsewhere, refusalOf } from '../device-client.ts';
import { token } from '../gateway.ts';
import type { Dice } from './dice.ts';
import { ask, type Line } from './line.ts';

/** A client that creates and deletes things, and remembers what it was told of them. */
export interface Records {
  work(line: Line, url: string): Promise<void>;
  faults(line: Line): Promise<string[]>;
}

/** Sessions that come and go. */
export function keepSessions(dice: Dice): Records {
  /** True for those that are there; undefined where nobody can know. */
  const sessions = new Map<string, boolean | undefined>();
  let count = 0;
  return {
    async work(line) {
      const there = [...sessions].flatMap(([key, is]) => (is ? [key] : []));
      const remove = there.length > 20 || (there.length > 0 && dice.below(2) === 0);
      const key = remove ? dice.pick(there) : `agent:main:passing-${++count}`;
      sessions.set(key, undefined);
      const answer = remove
        ? await line.call('sessions.delete', { key })
        : await line.call('sessions.create', { key, message: 'hello' });
      if (answer?.ok) sessions.set(key, !remove);
    },
    async faults(line) {
      const faults: string[] = [];
      for (const [key, expected] of sessions) {
        const { session } = await ask(line, 'sessions.describe', { key });
        const is = session !== null;
        if (expected !== undefined && is !== expected) faults.push(`${key} is ${is ? 'there' : 'not there'}`);
        if (is) sessions.set(key, true);
        else sessions.delete(key);
      }
      return faults;
    },
  };
}

/** Devices that are paired, approved and removed. */
export function keepDevices(dice: Dice): Records {
  const devices = new Map<string, boolean | undefined>();
  const auth = { token };
  return {
    async work(line, url) {
      const there = [...devices].flatMap(([id, is]) => (is ? [id] : []));
      if (there.length > 10 || (there.length > 0 && dice.below(3) === 0)) {
        const deviceId = dice.pick(there);
        devices.set(deviceId, undefined);
        const answer = await line.call('device.pair.remove', { deviceId });
        if (answer?.ok) devices.set(deviceId, false);
        return;
      }
      const device = makeDevice();
      devices.set(device.id, undefined);
      if (dice.below(2) === 0) {
        using raw = await connectDevice({ url }, device, { params: { scopes: ['operator.read'], auth } });
        if (authOf(raw).deviceToken) devices.set(device.id, true);
        return;
      }
      using raw = await connectDevice({ url }, device, { params: { scopes: ['operator.read'], auth }, ...elsewhere });
      const { requestId } = (await refusalOf(raw)).details;
      const answer = await line.call('device.pair.approve', { requestId });
      if (answer?.ok) devices.set(device.id, true);
    },
    async faults(line) {
      const { paired } = await ask<{ paired: { deviceId: string }[] }>(line, 'device.pair.list', {});
      const listed = new Set(paired.map(({ deviceId }) => deviceId));
      const wrong = [...devices].filter(([id, is]) => is !== undefined && is !== listed.has(id));
      for (const id of devices.keys()) {
        if (listed.has(id)) devices.set(id, true);
        else devices.delete(id);
      }
      return wrong.map(([id, is]) => `the device ${id} is ${is ? 'not paired any more' : 'still paired'}`);
    },
  };
}

const replacePaths = ['gateway.controlUi.allowedOrigins'];

/** Writes of the configuration. */
export function keepConfig(dice: Dice): Records {
  let told: string | undefined;
  let doubt: string | undefined;
  return {
    async work(line) {
      if (!methods.has('config.patch')) return;
      // Few of them: the gateway takes 30 in a minute.
      await new Promise((resolve) => setTimeout(resolve, 50 + dice.below(200)));
      const { hash } = ((await line.call('config.get'))?.payload ?? {}) as { hash?: string };
      const origin = `https://${dice.below(1_000_000)}.example`;
      const raw = JSON.stringify({ gateway: { controlUi: { allowedOrigins: [origin] } } });
      doubt = origin;
      const answer = await line.call('config.patch', { raw, baseHash: hash, replacePaths });
      if (answer?.ok) told = origin;
      if (answer) doubt = undefined;
    },
    async faults(line) {
      const { config, valid } = await ask<{ config: unknown; valid: boolean }>(line, 'config.get');
      const { gateway } = config as { gateway?: { controlUi?: { allowedOrigins?: string[] } } };
      const [origin] = gateway?.controlUi?.allowedOrigins ?? [];
      if (origin === doubt && doubt !== undefined) told = origin;
      doubt = undefined;
      if (!valid) return ['the configuration is not valid any more'];
      return origin === told ? [] : [`the configuration has ${origin}, not ${told}`];
    },
  };
}
