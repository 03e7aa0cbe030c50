import { homedir } from 'node:os';
import { resolvePaths } from '../../../server/config/paths.ts';
import type { Shell } from '../../shell.ts';
import type { DeviceInput, DeviceMethod } from './ask.ts';

/** Asks the database of a gateway that is down, and says so. @throws GatewayError */
export async function askOffline(shell: Shell, method: DeviceMethod, input: DeviceInput): Promise<unknown> {
  const { env, globals } = shell;
  const paths = resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const { owner, withDevicesOffline } = await import('../../../server/devices/offline.ts');
  const { requestId = '', deviceId = '', role = '', label = '', scopes } = input;
  const answer = await withDevicesOffline(paths, (devices): unknown => {
    switch (method) {
      case 'device.pair.list':
        return devices.list(owner);
      case 'device.pair.approve':
        return devices.approve(requestId, owner);
      case 'device.pair.reject':
        return devices.reject(requestId, owner);
      case 'device.pair.remove':
        return devices.remove(deviceId, owner);
      case 'device.pair.rename':
        return devices.rename(deviceId, label, owner);
      case 'device.token.rotate':
        return devices.rotate({ deviceId, role, scopes }, owner);
      case 'device.token.revoke':
        return devices.revoke({ deviceId, role }, owner);
    }
  });
  shell.note(`No gateway answers: this was asked of its database, ${paths.databasePath}`);
  return answer;
}
