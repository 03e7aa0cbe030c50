import type { PairedDevice } from '../../../sdk/protocol/device.ts';
import type { Flags } from '../../args.ts';
import type { Command } from '../../command.ts';
import { exitCodes, misuse } from '../../misuse.ts';
import { oneLine } from '../../render/text.ts';
import { answer, type Shell } from '../../shell.ts';
import { ask, type DeviceList, findDevice, nameOf } from './ask.ts';
import { renderDevices, renderRequest } from './view.ts';

const requestFlag: Flags = {
  request: {
    type: 'positional',
    required: true,
    valueHint: 'id',
    description: 'Id of the request, from "devices list"',
  },
};
const deviceFlag: Flags = {
  device: {
    type: 'string',
    required: true,
    valueHint: 'id',
    description: 'Id of the device, its beginning, or its name',
  },
};
const roleFlag: Flags = {
  role: { type: 'string', required: true, valueHint: 'operator|node', description: 'Which token' },
};

/** `openclaw devices`: who may connect with a key of its own. Also works while the gateway is down. */
export function devicesCommand(shell: Shell): Command {
  return {
    meta: { name: 'devices', description: 'Show, approve and remove devices; also while the gateway is down.' },
    subCommands: {
      list: listCommand(shell),
      approve: approveCommand(shell),
      reject: rejectCommand(shell),
      remove: removeCommand(shell),
      rename: renameCommand(shell),
      rotate: rotateCommand(shell),
      revoke: revokeCommand(shell),
    },
  };
}

// --- internal ---

function listCommand(shell: Shell): Command {
  return {
    meta: { name: 'list', description: 'List devices that wait for approval, and paired devices.' },
    examples: ['openclaw devices list'],
    run: async () => {
      const list = await ask<DeviceList>(shell, 'device.pair.list');
      answer(shell, list, (look) => renderDevices(list, look));
      return exitCodes.ok;
    },
  };
}

function approveCommand(shell: Shell): Command {
  return {
    meta: {
      name: 'approve',
      description: 'Approve a device that waits; without an id, show the newest and approve nothing.',
    },
    args: {
      request: { type: 'positional', required: false, description: 'Id of the request, from "devices list"' },
      latest: { type: 'boolean', description: 'Show the newest request and approve nothing' },
    },
    examples: ['openclaw devices approve', 'openclaw devices approve <request-id>'],
    run: async ({ args }) => {
      if (args.request === undefined || args.latest === true) return preview(shell);
      const requestId = String(args.request);
      const approved = await ask<{ device: PairedDevice }>(shell, 'device.pair.approve', { requestId });
      answer(shell, approved, () => `Approved ${describe(approved.device)}. It gets in when it tries again.\n`);
      return exitCodes.ok;
    },
  };
}

/** Nobody approves by accident what they have not seen. */
async function preview(shell: Shell): Promise<number> {
  const { pending, paired } = await ask<DeviceList>(shell, 'device.pair.list');
  const newest = pending.toSorted((a, b) => b.ts - a.ts)[0];
  if (!newest) {
    answer(shell, { schemaVersion: 1, pending: null }, () => 'No device waits for approval.\n');
    return exitCodes.failed;
  }
  const { profile, dev, url } = shell.globals;
  const words = [...(dev ? ['--dev'] : profile ? ['--profile', profile] : []), ...(url ? ['--url', url] : [])];
  const command = ['openclaw', ...words, 'devices', 'approve', newest.requestId].join(' ');
  const before = paired.find(({ deviceId }) => deviceId === newest.deviceId);
  answer(
    shell,
    { schemaVersion: 1, pending: newest, command },
    (look) => `${renderRequest(newest, before, look)}Approve it: ${command}\n`,
  );
  return exitCodes.failed;
}

function rejectCommand(shell: Shell): Command {
  return {
    meta: { name: 'reject', description: 'Turn a device away that waits.' },
    args: requestFlag,
    examples: ['openclaw devices reject <request-id>'],
    run: async ({ args }) => {
      const rejected = await ask<{ deviceId: string }>(shell, 'device.pair.reject', {
        requestId: String(args.request),
      });
      answer(shell, rejected, () => `Rejected ${rejected.deviceId.slice(0, 12)}.\n`);
      return exitCodes.ok;
    },
  };
}

function removeCommand(shell: Shell): Command {
  return {
    meta: { name: 'remove', description: 'Forget a paired device; its connections close.' },
    args: {
      device: { type: 'positional', required: true, description: 'Id of the device, its beginning, or its name' },
    },
    examples: ['openclaw devices remove <device-id>'],
    run: async ({ args }) => {
      const device = await findDevice(shell, String(args.device));
      const removed = await ask(shell, 'device.pair.remove', { deviceId: device.deviceId });
      answer(shell, removed, () => `Removed ${describe(device)}.\n`);
      return exitCodes.ok;
    },
  };
}

function renameCommand(shell: Shell): Command {
  return {
    meta: { name: 'rename', description: 'Name a paired device.' },
    args: {
      ...deviceFlag,
      name: { type: 'string', required: true, valueHint: 'text', description: 'New name, 64 characters at most' },
    },
    examples: ['openclaw devices rename --device <device-id> --name "Kitchen Mac"'],
    run: async ({ args }) => {
      const label = String(args.name).trim();
      if (label === '' || label.length > 64) throw misuse('--name must be text of 1 to 64 characters');
      const { deviceId } = await findDevice(shell, String(args.device));
      const renamed = await ask(shell, 'device.pair.rename', { deviceId, label });
      answer(shell, renamed, () => `${deviceId.slice(0, 12)} is now called ${oneLine(label)}.\n`);
      return exitCodes.ok;
    },
  };
}

function rotateCommand(shell: Shell): Command {
  return {
    meta: { name: 'rotate', description: "Replace a device's token; its connections close." },
    args: {
      ...deviceFlag,
      ...roleFlag,
      scope: {
        type: 'string',
        multiple: true,
        valueHint: 'scope',
        description: 'What the new token carries, within what the device was approved for (default: as before)',
      },
    },
    examples: ['openclaw devices rotate --device <device-id> --role operator --scope operator.read'],
    run: async ({ args }) => {
      const scopes = args.scope === undefined ? undefined : (JSON.parse(String(args.scope)) as string[]);
      const device = await findDevice(shell, String(args.device));
      const input = { deviceId: device.deviceId, role: String(args.role), scopes };
      const rotated = await ask<{ scopes: string[] }>(shell, 'device.token.rotate', input);
      const carries = rotated.scopes.join(', ') || 'no scopes';
      const how = 'It gets the new one when it next connects with the gateway token or password.';
      answer(shell, rotated, () => `${describe(device)} has a new token (${oneLine(carries)}). ${how}\n`);
      return exitCodes.ok;
    },
  };
}

function revokeCommand(shell: Shell): Command {
  return {
    meta: {
      name: 'revoke',
      description: "End a device's token; its connections close, and it has to be approved again.",
    },
    args: { ...deviceFlag, ...roleFlag },
    examples: ['openclaw devices revoke --device <device-id> --role node'],
    run: async ({ args }) => {
      const device = await findDevice(shell, String(args.device));
      const input = { deviceId: device.deviceId, role: String(args.role) };
      const revoked = await ask(shell, 'device.token.revoke', input);
      answer(shell, revoked, () => `The ${oneLine(input.role)} token of ${describe(device)} has ended.\n`);
      return exitCodes.ok;
    },
  };
}

const describe = (device: PairedDevice) => oneLine(`${nameOf(device)} (${device.deviceId.slice(0, 12)})`);
