import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Refuses to deliver to a chat network: there is none here, and a reply that goes nowhere would be lost. */
export function refuseDelivery({
  deliver,
  channel,
  to,
}: {
  deliver?: boolean | undefined;
  channel?: string | undefined;
  to?: string | undefined;
}): void {
  if (!deliver) return;
  const target = [channel, to].filter(Boolean).join(' ') || 'a chat network';
  throw new GatewayError(
    'INVALID_REQUEST',
    `cannot deliver to ${target}: no channel is connected. Leave out "deliver" to get the reply here.`,
    {
      details: { code: 'NO_CHANNEL' },
    },
  );
}
