import type { PairedDevice, PairingRequest } from '../../../sdk/protocol/device.ts';
import { findGatewayError, GatewayError } from '../../../sdk/protocol/errors.ts';
import { namesGateway } from '../../globals.ts';
import type { Shell } from '../../shell.ts';

export type DeviceMethod =
  | 'device.pair.list'
  | 'device.pair.approve'
  | 'device.pair.reject'
  | 'device.pair.remove'
  | 'device.pair.rename'
  | 'device.token.rotate'
  | 'device.token.revoke';

export interface DeviceInput {
  requestId?: string | undefined;
  deviceId?: string | undefined;
  role?: string | undefined;
  label?: string | undefined;
  scopes?: string[] | undefined;
}

export interface DeviceList {
  pending: PairingRequest[];
  paired: PairedDevice[];
}

/** Asks the gateway; when none answers that was to be found on this machine, its database. @throws GatewayError */
export async function ask<T>(shell: Shell, method: DeviceMethod, input: DeviceInput = {}): Promise<T> {
  const { request } = await import('../../request.ts');
  const kind = method === 'device.pair.list' ? 'query' : 'mutation';
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  try {
    return (await request(shell, { method, kind }, given)) as T;
  } catch (error) {
    if (!isDownHere(error, shell)) throw withNextStep(error);
    const { askOffline } = await import('./offline.ts');
    return (await askOffline(shell, method, input).catch((cause) => {
      throw withNextStep(cause);
    })) as T;
  }
}

/**
 * Finds one paired device by its id, by the beginning of it that only one has, or by the name that only one has.
 * @throws GatewayError INVALID_REQUEST
 */
export async function findDevice(shell: Shell, text: string): Promise<PairedDevice> {
  const { paired } = await ask<DeviceList>(shell, 'device.pair.list');
  const named = paired.filter((device) => device.deviceId === text || nameOf(device) === text);
  const found = named.length > 0 ? named : paired.filter(({ deviceId }) => deviceId.startsWith(text));
  const [device] = found;
  if (device && found.length === 1) return device;
  const problem = device
    ? `${found.length} paired devices are called "${text}"`
    : `no paired device is called "${text}"`;
  throw new GatewayError('INVALID_REQUEST', `${problem}: see "openclaw devices list"`);
}

/** What people call a device. */
export function nameOf({ operatorLabel, displayName, clientId, deviceId }: Partial<PairedDevice>): string {
  return operatorLabel ?? displayName ?? clientId ?? deviceId ?? '-';
}

// --- internal ---

/** True when nothing answers where the gateway of this machine would be. Of one elsewhere we have no database. */
function isDownHere(error: unknown, shell: Shell): boolean {
  const known = findGatewayError(error);
  if (known?.code !== 'UNREACHABLE' || namesGateway(shell)) return false;
  const { url, urlFrom } = known.details ?? {};
  const host = URL.canParse(String(url)) ? new URL(String(url)).hostname : '';
  return (host === '127.0.0.1' || host === 'localhost') && !String(urlFrom).startsWith('gateway.remote');
}

/** Requests are short-lived: who types an id may be too late. */
function withNextStep(error: unknown): unknown {
  const known = findGatewayError(error);
  if (known?.message !== 'unknown requestId') return error;
  const message =
    'unknown request id: it has been settled or superseded, or it lapsed after five minutes; see "openclaw devices list"';
  return new GatewayError(known.code, message, { details: known.details, cause: error });
}
