/** Looks at the devices that wait: lets those in that only want to read, and leaves all others to a person. */
import { OpenClaw } from '@openclaw/sdk';

await using oc = new OpenClaw();
const { pending } = await oc.rpc.device['pair.list'].query({});
if (pending.length === 0) console.log('no device waits');

// Those that come later are told by `oc.on('device.pair.requested', ...)`.
for (const { requestId, deviceId, displayName, roles = [], scopes = [] } of pending) {
  const onlyReads = roles.every((role) => role === 'operator') && scopes.every((scope) => scope === 'operator.read');
  if (onlyReads) await oc.rpc.device['pair.approve'].mutate({ requestId });
  const next = onlyReads ? 'approved' : `look at it, then: openclaw devices approve ${requestId}`;
  console.log(`${displayName ?? deviceId.slice(0, 12)} asks for ${[...roles, ...scopes].join(', ')}: ${next}`);
}
