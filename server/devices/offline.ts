import { access } from 'node:fs/promises';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { Paths } from '../config/paths.ts';
import { openDatabase } from '../database/database.ts';
import { type GatewayLock, takeGatewayLock } from '../database/gateway-lock.ts';
import type { Asker } from './authority.ts';
import { createDevices, type Devices } from './devices.ts';

/** What can be done with the devices of a gateway that is down. */
export type OfflineDevices = Pick<Devices, 'list' | 'approve' | 'reject' | 'remove' | 'rename' | 'rotate' | 'revoke'>;

/** Who owns the files owns the gateway. */
export const owner: Asker = { id: 'owner', scopes: ['operator.admin'], method: 'none' };

/**
 * Works on the database of a gateway that is down, and keeps one from starting meanwhile. Tokens are not derived here: nobody
 * is there to be told one.
 * @throws GatewayError UNAVAILABLE when a gateway holds the state directory, or there is nothing to work on.
 */
export async function withDevicesOffline<T>(
  { stateDir, configPath, databasePath }: Pick<Paths, 'stateDir' | 'configPath' | 'databasePath'>,
  use: (devices: OfflineDevices) => T | Promise<T>,
): Promise<T> {
  await access(databasePath).catch((cause) => {
    const message = `there is no gateway to ask, and none has ever run with the state directory ${stateDir}: start one with "openclaw gateway", or name another directory with OPENCLAW_STATE_DIR or --profile`;
    throw new GatewayError('UNAVAILABLE', message, { details: { path: databasePath }, cause });
  });
  const lock = await lockOffline({ stateDir, configPath });
  try {
    const database = await openDatabase(databasePath);
    const devices = createDevices({
      database,
      secret: '',
      publish: () => {},
      sockets: { close: () => {} },
      autoApproveLocal: () => false,
    });
    try {
      return await use(devices);
    } finally {
      devices.close();
      await database.close();
    }
  } finally {
    await lock.release();
  }
}

// --- internal ---

async function lockOffline(place: Pick<Paths, 'stateDir' | 'configPath'>): Promise<GatewayLock> {
  return takeGatewayLock({ ...place, port: 0, sharesConfig: true, withinMs: 0 }).catch((cause: unknown) => {
    if (!isGatewayError(cause) || cause.details?.code !== 'STATE_DIR_IN_USE') throw cause;
    const { stateDir } = place;
    throw new GatewayError(
      'UNAVAILABLE',
      `a gateway holds the state directory ${stateDir}, and does not answer where it was looked for: ask it there with --url, or stop it`,
      { details: { code: 'STATE_DIR_IN_USE', path: stateDir }, cause },
    );
  });
}
