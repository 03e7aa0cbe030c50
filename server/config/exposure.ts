import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { GatewaySettings } from './gateway.ts';

export const tailscaleModes = ['off', 'serve', 'funnel'] as const;
export type TailscaleMode = (typeof tailscaleModes)[number];

/**
 * Refuses what would expose more than was meant: `funnel` is public and wants a password, and an address of Tailscale's leads
 * to loopback only.
 * @throws GatewayError INVALID_CONFIG
 */
export function requireSafeExposure(mode: TailscaleMode, { bind, auth }: Pick<GatewaySettings, 'bind' | 'auth'>): void {
  if (mode === 'off') return;
  if (bind !== 'loopback' && bind !== 'auto')
    throw refusal(
      `tailscale ${mode} wants gateway.bind "loopback", and it is "${bind}": set it, or gateway.tailscale.mode to off`,
    );
  if (mode === 'funnel' && auth.mode !== 'password')
    throw refusal(
      `tailscale funnel is open to the whole internet and wants auth mode "password", and it is "${auth.mode}": ` +
        'set gateway.auth.mode to "password" and OPENCLAW_GATEWAY_PASSWORD',
    );
}

// --- internal ---

function refusal(message: string): GatewayError {
  return new GatewayError('INVALID_CONFIG', message, { details: { path: 'gateway.tailscale.mode' } });
}
