import type { PairedDevice, PairingRequest } from '../../../sdk/protocol/device.ts';
import { table } from '../../render/table.ts';
import { oneLine } from '../../render/text.ts';
import { ago } from '../../render/time.ts';
import type { Look } from '../../render/value.ts';
import { type DeviceList, nameOf } from './ask.ts';

/** Devices that wait, then devices that are paired. */
export function renderDevices({ pending, paired }: DeviceList, look: Look): string {
  const waiting = pending.map((request) => renderRequest(request, pairedAs(request, paired), look));
  const more = pending.length > 0 ? ['Approve one: openclaw devices approve <request id>\n'] : [];
  return [...waiting, ...more, paired.length > 0 ? renderPaired(paired, look) : 'No devices are paired.\n'].join('\n');
}

/** What one device asks for, beside what it may already. */
export function renderRequest(request: PairingRequest, before: PairedDevice | undefined, look: Look): string {
  const { requestId, deviceId, roles = [], scopes = [], platform, deviceFamily, remoteIp, browserOrigin, ts } = request;
  const machine = [platform, deviceFamily].filter(Boolean).join(', ');
  const from = browserOrigin ?? remoteIp ?? 'this machine';
  return `${[
    `${look.paint('bold', 'Waiting:')} ${oneLine(nameOf(request))}${machine && ` (${oneLine(machine)})`}, from ${oneLine(from)}, ${ago(ts, look.now)}`,
    `  Request:   ${oneLine(requestId)}`,
    `  Device:    ${oneLine(deviceId)}`,
    `  Requested: ${access(roles, scopes)}`,
    ...(before ? [`  Approved:  ${access(before.roles, before.scopes)}`] : []),
  ].join('\n')}\n`;
}

// --- internal ---

function renderPaired(paired: readonly PairedDevice[], look: Look): string {
  const columns = [
    { head: 'DEVICE', elastic: true },
    { head: 'ID' },
    { head: 'ROLES' },
    { head: 'SCOPES', elastic: true },
    { head: 'APPROVED' },
    { head: 'SEEN' },
  ];
  const rows = paired.map((device) => [
    oneLine(nameOf(device)),
    oneLine(device.deviceId.slice(0, 12)),
    oneLine(device.roles.join(', ') || 'none'),
    oneLine(device.scopes.map(withoutPrefix).join(', ') || '-'),
    device.approvedVia === 'silent' ? 'by itself' : 'by owner',
    device.connected ? 'connected' : device.lastSeenAtMs === undefined ? 'never' : ago(device.lastSeenAtMs, look.now),
  ]);
  return table(columns, rows, look);
}

const pairedAs = ({ deviceId }: PairingRequest, paired: readonly PairedDevice[]) =>
  paired.find((device) => device.deviceId === deviceId);

const access = (roles: readonly string[], scopes: readonly string[]) =>
  oneLine(`${roles.join(', ') || 'no role'}; ${scopes.join(', ') || 'no scopes'}`);

const withoutPrefix = (scope: string) => scope.replace(/^operator\./, '');
